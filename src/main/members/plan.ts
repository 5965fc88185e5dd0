import type { EtcdMember } from '#keyspace'

/** A controller that asks for its place, as far as its place depends on it. */
export interface Seeker {
  readonly name: string
  readonly peerUrl: string
  /** True when its member has begun, and has what is written there. */
  readonly hasData: boolean
}

/** What is done for it next. */
export type SeatStep =
  /** There is no member of it yet: one is added, without a vote. */
  | { readonly kind: 'add' }
  /** It has lost what its member had: that one is taken out first. */
  | { readonly kind: 'replace'; readonly id: string }
  /** Its member is reached elsewhere now. */
  | { readonly kind: 'move'; readonly id: string }
  /** It is to run its member. */
  | { readonly kind: 'begin' }
  /** It runs; it gets its vote once it has everything. */
  | { readonly kind: 'promote'; readonly id: string }
  | { readonly kind: 'seated' }
  /** Another is being added. */
  | { readonly kind: 'wait'; readonly other: string }

/** Decides by the members that etcd has. A member that was added and never began has no name. */
export function seatStep(members: readonly EtcdMember[], { name, peerUrl, hasData }: Seeker): SeatStep {
  const own = members.find(each => (each.name === '' ? each.peerUrls.includes(peerUrl) : each.name === name))
  if (own === undefined) {
    // etcd 3.4 takes one learner at a time.
    const other = members.find(each => each.isLearner || each.name === '')
    return other === undefined ? { kind: 'add' } : { kind: 'wait', other: other.name }
  }
  const hasBegun = own.name !== ''
  if (hasBegun && !hasData) return { kind: 'replace', id: own.id }
  if (!own.peerUrls.includes(peerUrl)) return { kind: 'move', id: own.id }
  if (!hasBegun) return { kind: 'begin' }
  return own.isLearner ? { kind: 'promote', id: own.id } : { kind: 'seated' }
}

/** What a member is started with: all of them by name, the seeker's own too, which etcd does not know by its name yet. */
export function startedWith(
  members: readonly EtcdMember[],
  { name, peerUrl }: Pick<Seeker, 'name' | 'peerUrl'>,
): readonly { readonly name: string; readonly peerUrl: string }[] {
  const others = members.filter(each => each.name !== '' && each.name !== name)
  return [...others.map(each => ({ name: each.name, peerUrl: each.peerUrls[0] ?? '' })), { name, peerUrl }]
}

/** Where members with a vote are asked, the one at `own` first. */
export function endpointsOf(members: readonly EtcdMember[], own: string): readonly string[] {
  const urls = members.filter(each => !each.isLearner && each.name !== '').flatMap(each => each.clientUrls.slice(0, 1))
  return [...new Set([own, ...urls.toSorted()])]
}

/** Controllers from which on the cloud survives the loss of any one of them. */
export const CONTROLLERS_WANTED = 3

/** How the control plane of a cloud stands by the number of its controllers, for people; undefined when it survives any. */
export function controlText(controllers: number): string | undefined {
  if (controllers >= CONTROLLERS_WANTED) return undefined
  const there =
    controllers === 1 ? 'There is one controller' : `There are ${controllers} controllers, one of which works`
  return `${there}: from ${CONTROLLERS_WANTED} on the cloud survives the loss of any (cairn token create --role controller).`
}
