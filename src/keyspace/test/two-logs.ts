import type { World } from '#base'
import { revisionOf } from '../change.ts'
import { Checkpoints } from '../checkpoints.ts'
import { type EmbeddedOptions, openEmbeddedKeyspace } from '../embedded.ts'
import type { LocalKeyspace, LogRecord, Revision } from '../keyspace.ts'
import { memoryIndex } from '../memory-index.ts'
import { packRecords } from '../standby/batch.ts'
import { openCheckpoint } from '../standby/checkpoint-file.ts'
import { epochsOf, nextFrom } from '../standby/epochs.ts'
import { openStandby, type Standby } from '../standby/standby.ts'
import { indexPlace, openStore } from '../store.ts'
import { FragileDisk } from './fragile-disk.ts'
import { never, put, quietWorld, show } from './support.ts'

/** A machine in memory with one folder for a keyspace or a standby. Nothing happens by time, so that every run is the same. */
export class LogMachine {
  readonly disk = new FragileDisk()
  readonly world: World

  constructor() {
    const sleep = (_: number, signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        if (signal.aborted) reject(signal.reason)
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
    this.world = { ...quietWorld, disk: this.disk, clock: { ...quietWorld.clock, sleep } }
  }

  home(more: Pick<EmbeddedOptions, 'shipped'> = {}): Promise<LocalKeyspace> {
    return openEmbeddedKeyspace({ ...this.#options, ...more, history: { ms: 0, revisions: 0 } })
  }

  standby(): Promise<Standby> {
    return openStandby(this.#options)
  }

  /** Writes a checkpoint into the folder of a keyspace that is closed, and forgets the log before it. */
  async checkpoint(): Promise<void> {
    const store = await openStore(this.#options, indexPlace(this.#options, false))
    const checkpoints = new Checkpoints({ ...this.#options, ...store })
    await checkpoints.write(never)
    store.log.trim(checkpoints.applied)
    store.log.close()
    await store.index.close(true)
  }

  get #options() {
    return { world: this.world, folder: 'data', index: memoryIndex }
  }
}

/** Up to `count` records of a keyspace from a revision on. */
export async function recordsOf(keyspace: LocalKeyspace, from: Revision, count: number): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  if (from > keyspace.revision) return records
  for await (const record of keyspace.records(from, never)) {
    records.push(record)
    if (records.length === count || record.revision === keyspace.revision) break
  }
  return records
}

/** Brings a standby as far as a home is, or by `count` records; answers whether it had to be filled anew. */
export async function ship(
  { home, machine, epoch }: { readonly home: LocalKeyspace; readonly machine: LogMachine; readonly epoch: number },
  standby: Standby,
  count = Number.MAX_SAFE_INTEGER,
): Promise<boolean> {
  standby.follow(epoch)
  let from = nextFrom({ epochs: epochsOf(home), last: home.revision }, standby.reach)
  const isFilled = from === undefined || (from === 1 && openCheckpoint(machine.disk, 'data') !== undefined)
  if (isFilled) {
    using checkpoint = openCheckpoint(machine.disk, 'data')
    await standby.fill(epoch, toAsync(checkpoint?.pieces() ?? []))
    from = revisionOf(standby.reach.last + 1)
  }
  const next = from ?? standby.reach.last
  const records = await recordsOf(home, next, count)
  if (records.length > 0) standby.append(packRecords(epoch, next, records))
  return isFilled
}

export async function* toAsync(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** All rows as text. */
export function shown(keyspace: LocalKeyspace): string {
  return keyspace
    .rangeNow({ keys: { kind: 'prefix', prefix: '' } })
    .entries.map(show)
    .join()
}

/** Commits a change that depends on its number. */
export function change(keyspace: LocalKeyspace, i: number, bytes: number): void {
  keyspace.commit({ then: [put('n', `${i}`), put(`k${i % 7}`, `${i}`.padEnd(bytes, '.'))] })
}
