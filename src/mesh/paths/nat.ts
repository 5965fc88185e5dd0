import type { Nat } from '#cluster'

/** Where another machine sees this one. */
export interface Sighting {
  readonly by: string
  readonly endpoint: string
}

/**
 * What the router in front of a machine does, as far as others can tell: nothing, when they see it where it knows itself to
 * be. One that shows the same endpoint to two observers is taken for a port-restricted cone, the least that this promises.
 */
export function natOf(own: readonly string[], seen: readonly Sighting[]): Nat {
  const outside = seen.filter(({ endpoint }) => !own.includes(endpoint))
  if (seen.length > 0 && outside.length === 0) return 'none'
  const observers = new Set(outside.map(({ by }) => by))
  if (observers.size < 2) return 'unknown'
  return new Set(outside.map(({ endpoint }) => endpoint)).size === 1 ? 'portRestrictedCone' : 'symmetric'
}
