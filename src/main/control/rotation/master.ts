import type { World } from '#base'
import { Keyring, type MasterKey } from '#identity'
import type { Keyspace } from '#keyspace'
import { mainFault } from '../../faults.ts'
import { nextMasterKey, takeNextFile } from '../../keys/master-key-file.ts'
import { putOf } from '../rows.ts'
import type { FollowedKeys } from './followed-keys.ts'
import { changeKeys, DATA_KEYS, isAsRead, isNothing, keyRows, nextNumber, otherWrap, wrappedFor } from './key-rows.ts'
import type { Servers } from './servers.ts'

/** What a master key is replaced with. */
export interface MasterParts {
  readonly world: World
  readonly keyspace: Keyspace
  readonly keyring: Keyring
  readonly keys: FollowedKeys
  readonly servers: Servers
  readonly masterKeyFile: string
}

/** A master key that has taken the place of another. */
export interface ReplacedMaster {
  readonly file: string
  readonly id: string
  /** Its 24 words. */
  readonly phrase: string
  /** Servers that live and have the one before: their files are to be replaced by people. */
  readonly others: readonly string[]
}

/**
 * Makes a new master key. The data keys are wrapped by both before the file is replaced: whenever this is cut off, the file
 * that is there opens them. A new key that was left over is taken. Faults: MasterKey, Busy.
 */
export async function replaceMaster(parts: MasterParts, signal: AbortSignal): Promise<ReplacedMaster> {
  const { world, keys, servers, masterKeyFile: file } = parts
  await keys.refresh(signal)
  await takeNextMaster(parts, signal)
  await forgetFormerMaster(parts, signal)
  const next = nextMasterKey(file, world)
  await wrapForBoth(parts, next, signal)
  takeNextFile(file, next)
  await keys.refresh(signal)
  await takeNextMaster(parts, signal)
  await forgetFormerMaster(parts, signal)
  const others = (await servers.all(signal)).filter(({ master }) => master !== next.id).map(({ name }) => name)
  return { file, id: next.id, phrase: await next.phrase(), others }
}

async function wrapForBoth({ keyspace, keyring, keys, world }: MasterParts, next: MasterKey, signal: AbortSignal) {
  const rows = await keyRows(keyspace, DATA_KEYS, signal)
  if (rows.some(({ row }) => row['master'] !== keys.master.id || otherWrap(row, 'before') !== undefined)) {
    throw mainFault('Busy', 'not every server of this cloud has the master key of the last change', {
      hint: 'Bring it to them first: `cairn key phrase` here, `cairn key restore` there.',
    })
  }
  const wraps = new Map(keyring.rewrapped(next).map(({ id, ...wrap }) => [id, wrap]))
  const changed = rows.map(({ key, row }) => putOf(key, { ...row, next: wraps.get(String(row['id'])) }))
  const compare = [...rows.map(isAsRead), isNothing(`${DATA_KEYS}${nextNumber(rows)}`)]
  const { succeeded, revision } = await keyspace.txn({ compare, then: changed }, signal)
  if (!succeeded) throw mainFault('Busy', 'the data keys were changed meanwhile', { hint: 'Try again.' })
  await keyspace.sync(revision, signal)
  // What will be needed is opened once before it is relied on.
  const kept = await keyRows(keyspace, DATA_KEYS, signal)
  Keyring.open(
    kept.map(({ row }) => wrappedFor(row, next.id)),
    next,
    world.entropy,
  )
}

/** Makes the next master key the usual one, when the file of this server holds it. */
export async function takeNextMaster({ keyspace, keys }: MasterParts, signal: AbortSignal): Promise<void> {
  const rows = await keyRows(keyspace, DATA_KEYS, signal)
  const mine = rows.filter(({ row }) => otherWrap(row, 'next')?.master === keys.master.id)
  const changes = mine.map(of => {
    const { next: _, ...row } = of.row
    const before = { master: String(row['master']), wrapped: String(row['wrapped']) }
    return { of, to: { ...row, ...otherWrap(of.row, 'next'), before } }
  })
  await changeKeys(keyspace, changes, signal)
}

/** Forgets what the master key before has wrapped, when every server that lives has the usual one. */
export async function forgetFormerMaster({ keyspace, servers }: MasterParts, signal: AbortSignal): Promise<void> {
  const rows = await keyRows(keyspace, DATA_KEYS, signal)
  const living = await servers.all(signal)
  const over = rows.filter(
    ({ row }) => otherWrap(row, 'before') !== undefined && living.every(({ master }) => master === row['master']),
  )
  const changes = over.map(of => {
    const { before: _, ...to } = of.row
    return { of, to }
  })
  await changeKeys(keyspace, changes, signal)
}
