import { type Fault, isFault } from '#base'
import { ifFault } from '#client'
import { isSameJson, type KubeObject } from '#schema'
import { FILESYSTEM_AGAIN_MS, STORAGE_LOOK_MS } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { timeText } from '../loop/times.ts'
import { FILESYSTEMS } from '../resources.ts'
import {
  adopted,
  FILESYSTEM_FINALIZER,
  filesystemNames,
  type FilesystemState,
  filesystemStep,
  statusIn,
} from './plan.ts'
import type { Storage } from './storage.ts'

/** Makes the filesystems that objects want, and objects of the filesystems that there are. */
export function filesystemController(parts: ControllerParts, storage: Storage): Controller {
  const reconcile = async (name: string, signal: AbortSignal): Promise<Outcome> => {
    if (name !== LOOK) return reconcileFilesystem(parts, storage, name, signal)
    for (const each of filesystemNames(await storage.status(signal))) {
      if (filesystems.get({ name: each }) === undefined) controller.add(each)
    }
    return { kind: 'again', afterMs: STORAGE_LOOK_MS }
  }
  const controller = new Controller({ name: 'filesystem', world: parts.world, reconcile })
  const filesystems = parts.informers.of({ resource: FILESYSTEMS })
  feed(controller, filesystems)
  controller.add(LOOK)
  return controller
}

// No name of a filesystem: looks what there is in storage.
const LOOK = '/'

/** One look at a name. */
async function reconcileFilesystem(
  parts: ControllerParts,
  storage: Storage,
  name: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const { client } = parts
  const object = await client.find(FILESYSTEMS, { name }, signal)
  const isThere = filesystemNames(await storage.status(signal)).includes(name)
  const step = filesystemStep(object, isThere)
  if (step.kind === 'adopt') await client.create(FILESYSTEMS, adopted(name), signal).catch(ifFault('AlreadyExists'))
  if (object === undefined) return DONE
  const tell: Tell = state => tellState(parts, storage, { object, state }, signal)
  switch (step.kind) {
    case 'protect':
      await patchFinalizers(parts, object, [...(object.metadata.finalizers ?? []), FILESYSTEM_FINALIZER], signal)
      return DONE
    case 'make':
      return make(storage, name, tell, signal)
    case 'remove':
      return remove(parts, storage, { object, isForced: step.isForced, tell }, signal)
    case 'release':
      await patchFinalizers(parts, object, without(object), signal)
      return DONE
    case 'tell':
      await tell(step.state)
      return DONE
    default:
      return DONE
  }
}

/** Writes a state when it is news; true when it was. */
type Tell = (state: FilesystemState) => Promise<boolean>

async function make(storage: Storage, name: string, tell: Tell, signal: AbortSignal): Promise<Outcome> {
  try {
    await storage.create(name, signal)
  } catch (error) {
    if (isFault(error, 'Invalid')) await tell({ phase: 'Failed', reason: 'Invalid', message: said(error) })
    if (isFault(error, 'Invalid')) return { kind: 'again', afterMs: FILESYSTEM_AGAIN_MS }
    if (!isFault(error, 'Occupied')) throw error
  }
  await tell({ phase: 'Ready', reason: 'Served', message: '' })
  return DONE
}

// What is in use or has files stays, and its object says why, until that is no longer so.
async function remove(
  parts: ControllerParts,
  storage: Storage,
  { object, isForced, tell }: { readonly object: KubeObject; readonly isForced: boolean; readonly tell: Tell },
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await storage.remove(object.metadata.name, { isForced }, signal)
  } catch (error) {
    if (!isFault(error) || !['Busy', 'NotEmpty', 'Invalid', 'NotFound'].includes(error.code)) throw error
    // One that every Cairn has stays: its object goes, and comes anew.
    if (error.code === 'Busy' || error.code === 'NotEmpty') {
      const message = error.code === 'NotEmpty' ? `${said(error)} ${FORCE}` : said(error)
      const isNews = await tell({ phase: 'Deleting', reason: error.code, message })
      if (isNews) parts.events.record({ object, type: 'Warning', reason: 'DeletionHeld', message })
      return { kind: 'again', afterMs: FILESYSTEM_AGAIN_MS }
    }
  }
  await patchFinalizers(parts, object, without(object), signal)
  return DONE
}

async function tellState(
  { client, world }: ControllerParts,
  storage: Storage,
  { object, state }: { readonly object: KubeObject; readonly state: FilesystemState },
  signal: AbortSignal,
): Promise<boolean> {
  const home = state.phase === 'Ready' ? storage.nodeName : undefined
  const status = statusIn(object, state, { home, time: timeText(world.clock) })
  if (isSameJson(object['status'], status)) return false
  await client.updateStatus(FILESYSTEMS, { ...object, status }, signal)
  return true
}

async function patchFinalizers(
  { client }: ControllerParts,
  { metadata }: KubeObject,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { name, uid, resourceVersion } = metadata
  const body = { metadata: { uid, resourceVersion, finalizers: finalizers.length === 0 ? null : finalizers } }
  await client.patch(FILESYSTEMS, { name }, { type: 'merge', body }, signal).catch(ifFault('NotFound'))
}

function without({ metadata }: KubeObject): readonly string[] {
  return (metadata.finalizers ?? []).filter(each => each !== FILESYSTEM_FINALIZER)
}

function said({ message, hint }: Fault): string {
  return hint === undefined ? message : `${message}. ${hint}`
}

const FORCE = 'Or delete its files with it: annotate the object with cairn.dev/delete-files=true.'
