import { isFault } from '#base'
import { ifFault } from '#client'
import { deletesFiles, isSameJson, type KubeObject } from '#schema'
import { FILESYSTEM_AGAIN_MS, STORAGE_AWAY_MS, STORAGE_LOOK_MS } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { timeText } from '../loop/times.ts'
import { FILESYSTEMS } from '../resources.ts'
import { follow, isBehind, isOfHome, isRefusal, said, type There } from './follow.ts'
import { adopted, FILESYSTEM_FINALIZER, type FilesystemState, filesystemStep, rowOf } from './plan.ts'
import { RecentStatus } from './recent-status.ts'
import { statusIn, type Told } from './status.ts'
import type { AtHome, Storage } from './storage.ts'
import { UsageTold } from './usage-told.ts'
import { usageOf } from './usage.ts'

/** Makes the filesystems that objects want, and objects of the filesystems that there are. */
export function filesystemController(
  parts: ControllerParts,
  storage: Storage,
  homeOf: (name: string) => string | undefined = () => undefined,
): Controller {
  const { world, informers } = parts
  const work = {
    parts,
    storage,
    homeOf,
    recent: new RecentStatus(storage, world.clock),
    usage: new UsageTold(world.clock),
  }
  const reconcile = async (name: string, signal: AbortSignal): Promise<Outcome> => {
    if (name !== LOOK) return reconcileFilesystem(work, name, signal).catch(untilBack)
    const status = await work.recent.status(signal)
    for (const row of status.filesystems) {
      const object = filesystems.get({ name: row.name })
      const isAtHome = elsewhereOf(work, row.name) === undefined
      if (object === undefined || isBehind({ object, row, status, isAtHome }) || work.usage.isDue(object, row)) {
        controller.add(row.name)
      }
    }
    // What is not there any more tells nothing itself.
    for (const { metadata } of filesystems.all()) if (!rowOf(status, metadata.name)) controller.add(metadata.name)
    return { kind: 'again', afterMs: STORAGE_LOOK_MS }
  }
  const controller = new Controller({ name: 'filesystem', world, reconcile })
  const filesystems = informers.of({ resource: FILESYSTEMS })
  feed(controller, filesystems)
  controller.add(LOOK)
  return controller
}

// While storage starts anew, as it does for each mount, it is only waited for.
function untilBack(error: unknown): Outcome {
  if (isFault(error, 'Unreachable') || isFault(error, 'Closed')) return { kind: 'again', afterMs: STORAGE_AWAY_MS }
  throw error
}

// No name of a filesystem: looks what there is in storage.
const LOOK = '/'

interface Work {
  readonly parts: ControllerParts
  readonly storage: Storage
  /** The machine a filesystem lives on, as the map has it. */
  readonly homeOf: (name: string) => string | undefined
  readonly recent: RecentStatus
  readonly usage: UsageTold
}

/** One look at a name. */
async function reconcileFilesystem(work: Work, name: string, signal: AbortSignal): Promise<Outcome> {
  const { client } = work.parts
  const object = await client.find(FILESYSTEMS, { name }, signal)
  const status = await work.recent.status(signal)
  const elsewhere = elsewhereOf(work, name)
  const isAsked = elsewhere !== undefined && object?.metadata.deletionTimestamp === undefined
  const asked = isAsked && object !== undefined && isOfHome(object)
  const atHome = asked ? await reached(work.storage.atHome(name, signal)) : undefined
  const step = filesystemStep(object, atHome?.row ?? rowOf(status, name), elsewhere)
  if (step.kind === 'adopt') await client.create(FILESYSTEMS, adopted(name), signal).catch(ifFault('AlreadyExists'))
  if (object === undefined) return DONE
  switch (step.kind) {
    case 'protect':
      await patchFinalizers(work, object, [...(object.metadata.finalizers ?? []), FILESYSTEM_FINALIZER], signal)
      return DONE
    case 'make':
      return make(work, object, signal)
    case 'remove':
      return remove(work, { object, isForced: step.isForced }, signal)
    case 'release':
      await patchFinalizers(work, object, without(object), signal)
      return DONE
    case 'follow':
      return followOne(
        work,
        { object, row: step.row, status, isAtHome: elsewhere === undefined, ...atHomeOf(atHome) },
        signal,
      )
    case 'tell':
      await tell(
        work,
        object,
        { state: step.state, fields: elsewhere === undefined ? {} : { home: elsewhere } },
        signal,
      )
      return DONE
    default:
      return DONE
  }
}

// The other machine that it lives on.
function elsewhereOf({ homeOf, storage }: Work, name: string): string | undefined {
  const home = homeOf(name)
  return home === storage.nodeName ? undefined : home
}

// What its home does not say now is asked again with the next look.
async function reached(asked: Promise<AtHome>): Promise<AtHome | undefined> {
  try {
    return await asked
  } catch (error) {
    if (!isFault(error)) throw error
    return undefined
  }
}

function atHomeOf(atHome: AtHome | undefined): Partial<There> {
  return atHome === undefined ? {} : { status: atHome.status, isAtHome: true }
}

async function make(work: Work, object: KubeObject, signal: AbortSignal): Promise<Outcome> {
  const { name } = object.metadata
  try {
    await work.storage.create(name, signal)
  } catch (error) {
    if (isFault(error, 'Invalid')) {
      await tell(work, object, { state: { phase: 'Failed', reason: 'Invalid', message: said(error) } }, signal)
      return { kind: 'again', afterMs: FILESYSTEM_AGAIN_MS }
    }
    if (!isFault(error, 'Occupied')) throw error
  }
  work.recent.forget()
  // What else its object wants is done as for any that is there.
  return { kind: 'again', afterMs: 0 }
}

// Limits and mount first: then all is told at once.
async function followOne(work: Work, there: There, signal: AbortSignal): Promise<Outcome> {
  const { object, row } = there
  const isChanged = isBehind(there)
  const { holds, fields } = await follow(work.storage, there, signal)
  if (isChanged) work.recent.forget()
  const wrong = holds.filter(({ isTrue }) => !isTrue)
  const message = wrong.map(each => each.message).join('; ')
  const isUsageTold = work.usage.isDue(object, row)
  const usage = isUsageTold ? usageOf(row) : {}
  const told = { holds, fields: { ...usage, ...fields, home: row.home ?? work.storage.nodeName } }
  const isNews = await tell(work, object, { state: { phase: 'Ready', reason: 'Served', message }, ...told }, signal)
  if (isUsageTold) work.usage.told(object)
  if (isNews && message !== '') {
    for (const { reason } of wrong.slice(0, 1)) work.parts.events.record({ object, type: 'Warning', reason, message })
  }
  return wrong.length === 0 ? DONE : { kind: 'again', afterMs: FILESYSTEM_AGAIN_MS }
}

// What is in use or has files stays, and its object says why, until that is no longer so.
async function remove(
  work: Work,
  { object, isForced }: { readonly object: KubeObject; readonly isForced: boolean },
  signal: AbortSignal,
): Promise<Outcome> {
  const { name } = object.metadata
  try {
    await work.storage.remove(name, { isForced }, signal)
  } catch (error) {
    if (!isRefusal(error)) throw error
    // One that every Cairn has stays: its object goes, and comes anew.
    if (error.code === 'Busy' || error.code === 'NotEmpty') {
      const message = error.code === 'NotEmpty' ? `${said(error)} ${deletesFiles(name)}` : said(error)
      const state = { phase: 'Deleting', reason: error.code, message } as const
      const isNews = await tell(work, object, { state }, signal)
      if (isNews) work.parts.events.record({ object, type: 'Warning', reason: 'DeletionHeld', message })
      return { kind: 'again', afterMs: FILESYSTEM_AGAIN_MS }
    }
  }
  work.recent.forget()
  await patchFinalizers(work, object, without(object), signal)
  return DONE
}

/** Writes a status when it is news; true when it was. */
async function tell(
  { parts: { client, world } }: Work,
  object: KubeObject,
  { state, ...told }: Omit<Told, 'time'> & { readonly state: FilesystemState },
  signal: AbortSignal,
): Promise<boolean> {
  const status = statusIn(object, state, { ...told, time: timeText(world.clock) })
  if (isSameJson(object['status'], status)) return false
  await client.updateStatus(FILESYSTEMS, { ...object, status }, signal)
  return true
}

async function patchFinalizers(
  { parts: { client } }: Work,
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
