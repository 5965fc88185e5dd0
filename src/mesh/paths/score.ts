import type { Nat } from '#cluster'

/** How good a way is, of 0 to 1: seven tenths for the router in front of the machine, three for how far it is. */
export function scoreOf(nat: Nat, rttMs: number | undefined): number {
  const near = Math.min(1, Math.max(0, 1 - (rttMs ?? RTT_MS_MAX) / RTT_MS_MAX))
  return 0.7 * NAT_SCORES[nat] + 0.3 * near
}

const RTT_MS_MAX = 5_000
const NAT_SCORES: Readonly<Record<Nat, number>> = {
  none: 1,
  fullCone: 1,
  restrictedCone: 0.8,
  portRestrictedCone: 0.6,
  unknown: 0.4,
  symmetric: 0.2,
}

/** A score in tenths that changes only when it has left its tenth by half of one: each change is told to the cloud. */
export function steadyTenths(before: number | undefined, score: number): number {
  const now = Math.round(score * 10)
  return before !== undefined && Math.abs(score * 10 - before) < 1 ? before : now
}
