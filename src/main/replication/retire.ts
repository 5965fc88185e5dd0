import { type World, digestHex, whyOf } from '#base'
import type { Machines } from '#cluster'
import { type LogReach, revisionOf } from '#keyspace'
import { changedSince, type ChunkSource, type LeftBehind } from '#storage/fs'
import { RETIRE_AGAIN_MS } from '../limits.ts'
import type { Filesystems } from '../storage/filesystems.ts'
import { logCompare, logKeep } from './methods.ts'
import type { HomeRecords } from './records.ts'
import { becomeStandby, type Standbys } from './standbys.ts'

/** What a machine that was a home gives up with. */
export interface RetireParts {
  readonly world: World
  readonly dataFolder: string
  readonly machines: Machines
  readonly records: HomeRecords
  readonly filesystems: Filesystems
  readonly standbys: Pick<Standbys, 'give'>
  readonly chunks: Pick<ChunkSource, 'sync'>
  /** Hears what the next home has not, before programs of this machine are served from there. */
  leftBehind(filesystem: string, left: LeftBehind): void
}

/**
 * Makes a standby of what was a home's: what the next home does not have becomes a snapshot there, called
 * `unshipped-MACHINE-EPOCH`, before the next home may fill the log here anew. Tries until the signal is aborted.
 */
export async function retire(parts: RetireParts, name: string, signal: AbortSignal): Promise<void> {
  const { world } = parts
  while (!signal.aborted) {
    try {
      return await retireOnce(parts, name, signal)
    } catch (error) {
      if (!signal.aborted)
        world.log.info('what was a home is not given up yet', { filesystem: name, why: whyOf(error) })
    }
    await world.clock.sleep(RETIRE_AGAIN_MS, signal).catch(() => undefined)
  }
}

async function retireOnce(parts: RetireParts, name: string, signal: AbortSignal): Promise<void> {
  const { world, dataFolder, machines, records, filesystems, standbys } = parts
  const record = records.of(name)
  const held = filesystems.retired(name)
  if (record === undefined || record.home === machines.own || held === undefined) return
  const client = machines.client(record.home) ?? (await machines.connect(record.home, signal))
  const { epochs, last } = held.reach
  const of = { filesystem: name, epoch: record.epoch }
  const { isPrefix, common = 0 } = await client.call(logCompare, { ...of, epochs: [...epochs], last }, signal)
  const changed = changedSince(held.keyspace, revisionOf(common))
  parts.leftBehind(name, { changed, locked: held.locked })
  if (!isPrefix || held.wasStaged) {
    const snapshot = `unshipped-${machines.own}-${epochs.at(-1)?.epoch ?? 1}`
    const root = await snapshotOf(held, snapshot, signal)
    await parts.chunks.sync()
    const kept = { ...of, name: snapshot, root: digestHex(root.digest), rootBytes: root.bytes }
    await client.call(logKeep, kept, signal)
    world.log.warn('what this machine had not shipped is a snapshot at the home', { filesystem: name, snapshot })
  }
  await filesystems.giveUpRetired(name, async () => {
    await standbys.give(name)
    await becomeStandby(world, dataFolder, name)
  })
  world.log.info('this machine is the home of a filesystem no longer', { filesystem: name, home: record.home })
}

async function snapshotOf({ filesystem }: Retired, name: string, signal: AbortSignal) {
  const there = filesystem.snapshots.list().find(each => each.name === name)
  return (there ?? (await filesystem.snapshots.create(name, signal))).root
}

/** A filesystem whose home was here. */
export type Retired = NonNullable<ReturnType<Filesystems['retired']>> & { readonly reach: LogReach }
