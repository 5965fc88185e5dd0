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

/** When each of the newest versions of a lease was seen first: looked at, or told by a watch. */
export class Sightings {
  readonly #atMs = new Map<string, number>()

  /** A version that comes now; what was seen before keeps its time. */
  see(lease: KubeObject | undefined, nowMs: number): Sighting {
    const version = lease?.metadata.resourceVersion ?? ''
    const atMs = this.#atMs.get(version) ?? nowMs
    this.#atMs.set(version, atMs)
    for (const old of this.#atMs.keys()) {
      if (this.#atMs.size <= VERSIONS_KEPT) break
      this.#atMs.delete(old)
    }
    return { version, atMs }
  }
}

// A look may answer what a watch tells a moment later, or the other way round.
const VERSIONS_KEPT = 16

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
