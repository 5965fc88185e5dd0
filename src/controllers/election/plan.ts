import { type JsonObject, type KubeObject, numberAt, textAt } from '#schema'

/** A lease as somebody saw it, and when by his own monotonic clock. Nobody's wall clock counts. */
export interface Sighting {
  /** Changes whenever somebody writes the lease. */
  readonly version: string
  readonly atMs: number
}

/** What to do about a lease. */
export type Step = 'make' | 'take' | 'renew' | 'wait'

/**
 * The next step of a candidate: a lease that is not there is made, one's own renewed, one that nobody has held or written for
 * its whole time is taken.
 */
export function nextStep(
  lease: KubeObject | undefined,
  { identity, seen, nowMs }: { readonly identity: string; readonly seen: Sighting; readonly nowMs: number },
): Step {
  if (lease === undefined) return 'make'
  const holder = holderOf(lease)
  if (holder === identity) return 'renew'
  const lastsMs = (numberAt(lease, 'spec', 'leaseDurationSeconds') ?? 0) * 1000
  return holder === '' || nowMs - seen.atMs >= lastsMs ? 'take' : 'wait'
}

/** When a lease was seen to change last. */
export function sighting(lease: KubeObject | undefined, last: Sighting | undefined, nowMs: number): Sighting {
  const version = lease?.metadata.resourceVersion ?? ''
  return last?.version === version ? last : { version, atMs: nowMs }
}

/** Who holds a lease; empty when nobody does. */
export function holderOf(lease: KubeObject): string {
  return textAt(lease, 'spec', 'holderIdentity') ?? ''
}

/** What a lease says once `identity` holds it. */
export function heldSpec(
  lease: KubeObject | undefined,
  { identity, lastsMs, time }: { readonly identity: string; readonly lastsMs: number; readonly time: string },
): JsonObject {
  const isKept = lease !== undefined && holderOf(lease) === identity
  const changes = numberAt(lease, 'spec', 'leaseTransitions') ?? 0
  return {
    holderIdentity: identity,
    leaseDurationSeconds: lastsMs / 1000,
    acquireTime: (isKept ? textAt(lease, 'spec', 'acquireTime') : undefined) ?? time,
    renewTime: time,
    leaseTransitions: lease === undefined || isKept ? changes : changes + 1,
  }
}
