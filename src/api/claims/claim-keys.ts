import { type ByteString, byteStringOfText } from '#base'
import type { Claim, ClaimPool, KubeObject, Resource } from '#schema'

/** What the keys of all claims begin with. */
export const CLAIMS: ByteString = byteStringOfText('/claims/')

/** `/claims/POOL/` -> the claims of a pool. */
export function poolPrefix({ name }: Pick<ClaimPool, 'name'>): ByteString {
  return byteStringOfText(`/claims/${name}/`)
}

/** `/claims/POOL/ITEM` -> `NAMESPACE/NAME` of the object that has it. */
export function claimKey({ pool, item }: Pick<Claim, 'pool' | 'item'>): ByteString {
  return poolPrefix(pool) + byteStringOfText(item)
}

/** Who is told to have something: `NAMESPACE/NAME`. */
export function ownerOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? '-'}/${metadata.name}`
}

/** What a change of an object takes and gives back; `old` and `next` are undefined where there is none. */
export interface ClaimChange {
  readonly taken: readonly ByteString[]
  readonly freed: readonly ByteString[]
}

/** The claims that change with an object. */
export function claimChange(
  { claims }: Resource,
  old: KubeObject | undefined,
  next: KubeObject | undefined,
): ClaimChange {
  if (claims === undefined) return NOTHING
  const keys = (object: KubeObject | undefined) =>
    new Set(object === undefined ? [] : claims.held(object).map(each => claimKey(each)))
  const [before, after] = [keys(old), keys(next)]
  return { taken: [...after].filter(key => !before.has(key)), freed: [...before].filter(key => !after.has(key)) }
}

const NOTHING: ClaimChange = { taken: [], freed: [] }
