import type { OwnerReference } from '#schema'
import {
  FOREGROUND,
  hasFinalizer,
  isForeground,
  isGoing,
  type Node,
  ORPHAN,
  type OwnerGraph,
  ownersOf,
} from './graph.ts'

/**
 * What an owner is to an object: it is there; it waits until the object is gone; it is no more; or it is one that this object
 * cannot have, such as one in another namespace.
 */
export type OwnerState = 'solid' | 'waiting' | 'absent' | 'refused'

/** The next step for an object. */
export type GarbageStep =
  | { readonly kind: 'none' }
  /** Takes owners off it that are no more, as others remain. */
  | { readonly kind: 'drop'; readonly owners: ReadonlySet<string> }
  | { readonly kind: 'delete'; readonly propagation: 'Background' | 'Foreground' | 'Orphan' }
  /** Takes a finalizer off it that has done its work. */
  | { readonly kind: 'release'; readonly finalizer: string }
  /** Takes it off the owners of what it owns, then its finalizer `orphan` off itself. */
  | { readonly kind: 'orphan'; readonly dependents: readonly Node[] }
  /** Waits until what blocks it is gone: those are looked at. */
  | { readonly kind: 'await'; readonly dependents: readonly Node[] }

/** What an object that is being deleted needs. */
export function stepOfGoing(node: Node, graph: OwnerGraph): GarbageStep {
  if (hasFinalizer(node, ORPHAN)) return { kind: 'orphan', dependents: graph.dependents(node.metadata.uid) }
  if (!hasFinalizer(node, FOREGROUND)) return { kind: 'none' }
  const blocking = graph.dependents(node.metadata.uid).filter(each => isBlocking(each, node.metadata.uid))
  return blocking.length === 0
    ? { kind: 'release', finalizer: FOREGROUND }
    : { kind: 'await', dependents: blocking.filter(each => !isGoing(each)) }
}

/**
 * What an object that is owned needs (k8s.io/kubernetes/pkg/controller/garbagecollector attemptToDeleteItem): it goes when no
 * owner holds it. An owner that is refused holds it: nothing is deleted for a reference that means nothing.
 */
export function stepOfOwned(
  node: Node,
  states: ReadonlyMap<OwnerReference, OwnerState>,
  dependents: readonly Node[],
): GarbageStep {
  const owners = ownersOf(node)
  const of = (...wanted: readonly OwnerState[]): readonly OwnerReference[] =>
    owners.filter(owner => wanted.includes(states.get(owner) ?? 'solid'))
  const letGo = of('absent', 'waiting')
  if (owners.length === 0 || letGo.length === 0) return { kind: 'none' }
  if (letGo.length < owners.length) return { kind: 'drop', owners: new Set(letGo.map(({ uid }) => uid)) }
  // Of a circle one goes at once: else each would wait for the next.
  const isCircle = dependents.some(isForeground)
  const isForegroundToo = of('waiting').length > 0 && dependents.length > 0
  if (isForegroundToo) return { kind: 'delete', propagation: isCircle ? 'Background' : 'Foreground' }
  if (hasFinalizer(node, ORPHAN)) return { kind: 'delete', propagation: 'Orphan' }
  return { kind: 'delete', propagation: hasFinalizer(node, FOREGROUND) ? 'Foreground' : 'Background' }
}

/** The owners that stay when some are taken off; null when none do, as a merge patch says it. */
export function ownersWithout(node: Node, uids: ReadonlySet<string>): readonly OwnerReference[] | null {
  const left = ownersOf(node).filter(({ uid }) => !uids.has(uid))
  return left.length === 0 ? null : left
}

function isBlocking(dependent: Node, uid: string): boolean {
  return ownersOf(dependent).some(owner => owner.uid === uid && owner.blockOwnerDeletion === true)
}
