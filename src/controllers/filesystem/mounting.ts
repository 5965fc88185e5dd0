import type { NodeStatus } from '#rpc'
import { type KubeObject, listAt, numberAt, textAt } from '#schema'
import type { MountTarget } from './storage.ts'

/** What is to be done about the mount of a filesystem on this machine. */
export type MountStep =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'mount' } & MountTarget)
  | { readonly kind: 'unmount'; readonly path: string }

/**
 * Decides by where the object wants the mount, where it has put it, and where it is. A mount that was made by other means,
 * as by `cairn up --mount`, stays where it is.
 */
export function mountStep(object: KubeObject, status: Pick<NodeStatus, 'mounts' | 'mountsNothing'>): MountStep {
  const wanted = textAt(object, 'spec', 'mountPath')
  const before = textAt(object, 'status', 'mountPath')
  const there = mountOf(status, object.metadata.name)
  if (wanted === undefined) {
    return there !== undefined && there === before ? { kind: 'unmount', path: there } : { kind: 'none' }
  }
  if (status.mountsNothing || there === wanted) return { kind: 'none' }
  // By way of a symlink: it was mounted there for this very spec.
  if (there !== undefined && there === before && isToldMounted(object)) return { kind: 'none' }
  return { kind: 'mount', path: wanted, isMoved: there !== undefined && there === before }
}

/** Where a filesystem is mounted on this machine. */
export function mountOf({ mounts }: Pick<NodeStatus, 'mounts'>, name: string): string | undefined {
  return mounts.find(({ filesystem }) => filesystem === name)?.path
}

function isToldMounted(object: KubeObject): boolean {
  const told = listAt(object, 'status', 'conditions').find(each => textAt(each, 'type') === 'Mounted')
  const isNow = numberAt(told, 'observedGeneration') === object.metadata.generation
  return isNow && textAt(told, 'status') === 'True'
}
