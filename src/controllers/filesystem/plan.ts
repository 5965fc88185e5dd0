import type { NodeStatus } from '#rpc'
import { isJsonObject, type JsonObject, jsonAt, type KubeObject, listAt, textAt } from '#schema'

/** Keeps a Filesystem until storage has let go of what is in it. */
export const FILESYSTEM_FINALIZER = 'cairn.dev/filesystem'
/** Set to `true` on a Filesystem, deleting it deletes its files and snapshots too. */
export const DELETE_FILES = 'cairn.dev/delete-files'

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
  | { readonly kind: 'tell'; readonly state: FilesystemState }

/** Decides by the object and by whether storage has a filesystem of its name. */
export function filesystemStep(object: KubeObject | undefined, isThere: boolean): FilesystemStep {
  if (object === undefined) return isThere ? { kind: 'adopt' } : { kind: 'none' }
  const { deletionTimestamp, finalizers = [], annotations } = object.metadata
  const isOurs = finalizers.includes(FILESYSTEM_FINALIZER)
  if (deletionTimestamp !== undefined) {
    if (!isOurs) return { kind: 'none' }
    return isThere ? { kind: 'remove', isForced: annotations?.[DELETE_FILES] === 'true' } : { kind: 'release' }
  }
  if (!isOurs) return { kind: 'protect' }
  if (isThere) return { kind: 'tell', state: readyState(object) }
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

/** The status of an object in a state; the old one when it says so already. */
export function statusIn(
  object: KubeObject,
  { phase, reason, message }: FilesystemState,
  { home, time }: { readonly home: string | undefined; readonly time: string },
): JsonObject {
  const old: JsonObject = isJsonObject(object['status']) ? object['status'] : {}
  const status = phase === 'Ready' ? 'True' : 'False'
  const before = listAt(old, 'conditions').find(each => textAt(each, 'type') === 'Ready')
  const isSame = textAt(before, 'status') === status
  const { generation } = object.metadata
  const condition = {
    type: 'Ready',
    status,
    reason,
    message,
    lastTransitionTime: isSame ? (textAt(before, 'lastTransitionTime') ?? time) : time,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
  return {
    ...old,
    phase,
    message,
    ...(home === undefined ? {} : { home }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: [condition],
  }
}

/** The names that storage and objects have together. */
export function filesystemNames({ filesystems }: NodeStatus): readonly string[] {
  return filesystems.map(({ name }) => name)
}

function readyState(object: KubeObject): FilesystemState {
  const idle = ['mountPath', 'bytesMax', 'inodesMax'].filter(name => jsonAt(object, 'spec', name) !== undefined)
  const message = idle.length === 0 ? '' : `nothing acts on ${idle.map(name => `spec.${name}`).join(', ')} yet`
  return { phase: 'Ready', reason: 'Served', message }
}

const LOST: FilesystemState = {
  phase: 'Failed',
  reason: 'Lost',
  message:
    'storage does not have it any more; an empty one is not made in its place: delete this object, then make it anew',
}
