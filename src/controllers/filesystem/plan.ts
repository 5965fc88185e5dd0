import type { FilesystemRow, NodeStatus } from '#rpc'
import { type JsonObject, type KubeObject, mayDeleteFiles, textAt } from '#schema'

/** Keeps a Filesystem until storage has let go of what is in it. */
export const FILESYSTEM_FINALIZER = 'cairn.dev/filesystem'

/** What a Filesystem says of itself. */
export interface FilesystemState {
  readonly phase: 'Pending' | 'Ready' | 'Failed' | 'Deleting'
  /** One word for programs. */
  readonly reason: string
  readonly message: string
}

/** The next step for a name: an object, a filesystem in storage, or both. */
export type FilesystemStep =
  | { readonly kind: 'none' }
  /** A filesystem that has no object gets one. */
  | { readonly kind: 'adopt' }
  | { readonly kind: 'protect' }
  | { readonly kind: 'make' }
  | { readonly kind: 'remove'; readonly isForced: boolean }
  | { readonly kind: 'release' }
  /** It is there: limits and mount become what the object says. */
  | { readonly kind: 'follow'; readonly row: FilesystemRow }
  | { readonly kind: 'tell'; readonly state: FilesystemState }

/**
 * Decides by the object and by what storage has under its name; `elsewhere` is the other machine that it lives on, if it does: what
 * storage does not have of it then is only not to be reached.
 */
export function filesystemStep(
  object: KubeObject | undefined,
  row: FilesystemRow | undefined,
  elsewhere?: string,
): FilesystemStep {
  const isThere = row !== undefined
  if (object === undefined) return isThere ? { kind: 'adopt' } : { kind: 'none' }
  const { deletionTimestamp, finalizers = [] } = object.metadata
  const isOurs = finalizers.includes(FILESYSTEM_FINALIZER)
  if (deletionTimestamp !== undefined) {
    if (!isOurs) return { kind: 'none' }
    if (isThere) return { kind: 'remove', isForced: mayDeleteFiles(object) }
    return elsewhere === undefined ? { kind: 'release' } : { kind: 'tell', state: away('Deleting', elsewhere) }
  }
  if (!isOurs) return { kind: 'protect' }
  if (isThere) return { kind: 'follow', row }
  if (elsewhere !== undefined) return { kind: 'tell', state: away('Pending', elsewhere) }
  // One that was there and is gone is not made anew: an empty filesystem in its place would hide the loss.
  return textAt(object, 'status', 'phase') === 'Ready' || textAt(object, 'status', 'home') !== undefined
    ? { kind: 'tell', state: LOST }
    : { kind: 'make' }
}

/** The object of a filesystem that was made without one. */
export function adopted(name: string): JsonObject {
  return {
    apiVersion: 'cairn.dev/v1',
    kind: 'Filesystem',
    metadata: { name, finalizers: [FILESYSTEM_FINALIZER] },
    spec: {},
  }
}

/** What storage has under a name. */
export function rowOf({ filesystems }: NodeStatus, name: string): FilesystemRow | undefined {
  return filesystems.find(each => each.name === name)
}

function away(phase: FilesystemState['phase'], home: string): FilesystemState {
  return { phase, reason: 'HomeUnreachable', message: `${home}, where it lives, does not answer now` }
}

const LOST: FilesystemState = {
  phase: 'Failed',
  reason: 'Lost',
  message:
    'storage does not have it any more; an empty one is not made in its place: delete this object, then make it anew',
}
