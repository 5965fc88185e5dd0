import type { ClaimPool, KubeObject, Resource } from '#schema'
import { apiFault } from '../faults.ts'
import { CLAIM_TRIES_MAX } from '../limits.ts'
import { refuseInvalid } from '../refusal.ts'
import { claimKey, ownerOf } from './claim-keys.ts'
import type { ClaimStore } from './claim-store.ts'

/** A whole number from 0 on, below so many. */
export type Random = (below: number) => number

/**
 * An object with all that it is given, such as an address; `old` is what it replaces. Nothing is taken yet: the store takes
 * it with the object, and refuses when somebody else was faster. Faults: Invalid when another has what it asks for,
 * InternalError when nothing is left.
 */
export async function allocated(
  parts: { readonly claims: ClaimStore; readonly random: Random },
  resource: Resource,
  { next, old }: { readonly next: KubeObject; readonly old: KubeObject | undefined },
  signal: AbortSignal,
): Promise<KubeObject> {
  const { claims } = resource
  if (claims === undefined) return next
  await refuseTaken(parts.claims, resource, { next, old }, signal)
  const items: string[] = []
  const isOwn = new Set(claims.held(next).map(claimKey))
  for (const pool of claims.wanted(next)) {
    const item = await freeItem(parts, pool, isOwn, signal)
    isOwn.add(claimKey({ pool, item }))
    items.push(item)
  }
  return items.length === 0 ? next : claims.given(next, items)
}

async function refuseTaken(
  store: ClaimStore,
  { claims, group, kind }: Resource,
  { next, old }: { readonly next: KubeObject; readonly old: KubeObject | undefined },
  signal: AbortSignal,
): Promise<void> {
  const before = new Set(old === undefined ? [] : claims?.held(old).map(claimKey))
  for (const claim of claims?.held(next) ?? []) {
    if (before.has(claimKey(claim))) continue
    const owner = await store.owner(claim, signal)
    const isOther = owner !== undefined && owner !== ownerOf(next)
    refuseInvalid({ group, kind, name: next.metadata.name }, isOther ? [claim.taken] : [])
  }
}

// By chance at first, which is soon found while most is free; else one of those that are left.
async function freeItem(
  { claims, random }: { readonly claims: ClaimStore; readonly random: Random },
  pool: ClaimPool,
  isOwn: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string> {
  for (let turn = 0; turn < CLAIM_TRIES_MAX; turn += 1) {
    const item = pool.itemAt(pool.reserved + random(pool.size - pool.reserved))
    if (!isOwn.has(claimKey({ pool, item })) && (await claims.owner({ pool, item }, signal)) === undefined) return item
  }
  const taken = await claims.takenOf(pool, signal)
  const free = Array.from({ length: pool.size }, (_, index) => pool.itemAt(index)).filter(
    item => !taken.has(item) && !isOwn.has(claimKey({ pool, item })),
  )
  const { reserved, size } = pool
  const late = new Set(Array.from({ length: size - reserved }, (_, index) => pool.itemAt(reserved + index)))
  const wanted = free.filter(item => late.has(item))
  const left = wanted.length > 0 ? wanted : free
  const item = left[random(Math.max(1, left.length))]
  if (item === undefined) throw apiFault('InternalError', `Internal error occurred: ${pool.exhausted}`)
  return item
}
