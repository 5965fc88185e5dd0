import { type Fault, isFault } from '#base'
import type { FilesystemRow, NodeStatus } from '#rpc'
import { type Json, jsonAt, type KubeObject, textAt } from '#schema'
import { accessStep } from './access.ts'
import { isSameLimit, limitsIn, wantedLimits } from './limits.ts'
import { mountOf, mountStep } from './mounting.ts'
import type { Holds } from './status.ts'
import type { Storage } from './storage.ts'

/** What came of making a filesystem what its object says. */
export interface Followed {
  readonly holds: readonly Holds[]
  /** Fields of the status, to be set or taken away. */
  readonly fields: Readonly<Record<string, Json | undefined>>
}

/** What is known of a filesystem that is there. */
export interface There {
  readonly object: KubeObject
  readonly row: FilesystemRow
  /** Of the machine that was asked; what is mounted there is followed only where it lives. */
  readonly status: Pick<NodeStatus, 'mounts' | 'mountsNothing'>
  readonly isAtHome: boolean
}

/** Makes limits and mount what the object says; what cannot be done is told with its reason. Faults: those of the door. */
export async function follow(storage: Storage, there: There, signal: AbortSignal): Promise<Followed> {
  const access = accessStep(there.object, there.row)
  if (access !== undefined) await storage.access(there.object.metadata.name, access, signal)
  const limited = await followLimits(storage, there, signal)
  // Where it lives it is mounted; elsewhere people say so on the machine.
  const mounted = there.isAtHome ? await followMount(storage, there, signal) : { fields: {}, holds: [] }
  return { holds: [...limited.holds, ...mounted.holds], fields: { ...limited.fields, ...mounted.fields } }
}

/** True when something is left to do for it. */
export function isBehind({ object, row, status, isAtHome }: There): boolean {
  if (accessStep(object, row) !== undefined || !isSameLimit(wantedLimits(object, row), row)) return true
  return isAtHome ? mountStep(object, status).kind !== 'none' : isOfHome(object)
}

/** True for an object of which only the machine that the filesystem lives on can say whether all is as it wants. */
export function isOfHome(object: KubeObject): boolean {
  const spec = jsonAt(object, 'spec')
  const wanted = [jsonAt(spec, 'access'), jsonAt(spec, 'mountPath'), textAt(object, 'status', 'mountPath')]
  return wanted.some(each => each !== undefined)
}

async function followLimits(storage: Storage, { object, row }: There, signal: AbortSignal): Promise<Followed> {
  const spec = jsonAt(object, 'spec')
  const { bytesMax, inodesMax } = limitsIn(spec)
  const fields = { bytesMax: jsonAt(spec, 'bytesMax'), inodesMax: jsonAt(spec, 'inodesMax') }
  const isWanted = bytesMax !== undefined || inodesMax !== undefined
  const limits = wantedLimits(object, row)
  const { name } = object.metadata
  const failed = isSameLimit(limits, row) ? undefined : await refusalOf(storage.limit(name, limits, signal))
  if (failed === undefined) return { fields, holds: isWanted ? [holds('Limited', 'Limited', '')] : [] }
  // What is limited now stays, and is told.
  return { fields: {}, holds: [refused('Limited', failed)] }
}

async function followMount(storage: Storage, { object, status }: There, signal: AbortSignal): Promise<Followed> {
  const { name } = object.metadata
  const wanted = textAt(object, 'spec', 'mountPath')
  const before = textAt(object, 'status', 'mountPath')
  const step = mountStep(object, status)
  if (step.kind === 'unmount') {
    const failed = await refusalOf(storage.unmount(name, step.path, signal))
    if (failed !== undefined) return { fields: {}, holds: [refused('Mounted', failed)] }
    return { fields: { mountPath: undefined }, holds: [] }
  }
  if (step.kind === 'mount') return mount(storage, { name, ...step }, signal)
  const there = mountOf(status, name)
  if (wanted === undefined) {
    const holding = there === undefined ? [] : [holds('Mounted', 'MountedOtherwise', `${BY_HAND} at ${there}`)]
    return { fields: { mountPath: undefined }, holds: holding }
  }
  if (there !== undefined) return { fields: { mountPath: there }, holds: [holds('Mounted', 'Mounted', `at ${there}`)] }
  return { fields: { mountPath: before }, holds: [{ ...holds('Mounted', 'MountsNothing', NO_MOUNT), isTrue: false }] }
}

async function mount(
  storage: Storage,
  { name, path, isMoved }: { readonly name: string; readonly path: string; readonly isMoved: boolean },
  signal: AbortSignal,
): Promise<Followed> {
  try {
    const real = await storage.mount(name, { path, isMoved }, signal)
    return { fields: { mountPath: real }, holds: [holds('Mounted', 'Mounted', `at ${real}`)] }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return { fields: {}, holds: [refused('Mounted', error)] }
  }
}

async function refusalOf(work: Promise<void>): Promise<Fault | undefined> {
  try {
    await work
  } catch (error) {
    if (!isRefusal(error)) throw error
    return error
  }
}

/** True for what will stay so until somebody does something: the door itself, or a program that must leave, said so. */
export function isRefusal(error: unknown): error is Fault {
  return isFault(error) && REFUSALS.has(error.code)
}

/** What a fault says, with what to do. */
export function said({ message, hint }: Fault): string {
  return hint === undefined ? message : `${message}. ${hint}`
}

function holds(type: Holds['type'], reason: string, message: string): Holds {
  return { type, isTrue: true, reason, message }
}

function refused(type: Holds['type'], fault: Fault): Holds {
  return { type, isTrue: false, reason: fault.code, message: said(fault) }
}

const REFUSALS = new Set(
  'BelowUse Busy FuseUnavailable HomeElsewhere HomeUnreachable Invalid NotEmpty NotFound Occupied WrongKind'.split(' '),
)
const BY_HAND = 'by `cairn up` or `cairn fs mount`'
const NO_MOUNT = 'Cairn was started to mount nothing: start it without --no-mount'
