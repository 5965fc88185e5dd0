import { type World, whyOf } from '#base'
import {
  type IndexFactory,
  type LocalKeyspace,
  openStandby,
  type RecordBatch,
  type Revision,
  type Standby,
  type StandbyReach,
  sqliteIndex,
} from '#keyspace'
import { afterChunks, type ChunkSource } from '#storage/fs'

/** What the standbys of this machine are kept with. */
export interface StandbysOptions {
  readonly world: World
  readonly dataFolder: string
  readonly chunks: ChunkSource
  /** SQLite when undefined. */
  readonly index?: IndexFactory | undefined
}

/** The logs of filesystems whose home is elsewhere, each in DATA/standby/NAME. */
export class Standbys implements AsyncDisposable {
  readonly #options: StandbysOptions
  readonly #open = new Map<string, Promise<Standby>>()
  readonly #opened = new Map<string, Standby>()
  readonly #last = new Map<string, Promise<unknown>>()
  #isClosed = false

  constructor(options: StandbysOptions) {
    this.#options = options
  }

  /** How far one is. Faults: OldEpoch, those of the keyspace. */
  reach(name: string, epoch: number): Promise<StandbyReach> {
    return this.#with(name, async standby => {
      standby.follow(epoch)
      return standby.reach
    })
  }

  /** Takes records, makes durable what the home says, answers how far that is. Faults: those of the standby. */
  append(name: string, batch: RecordBatch, syncTo: Revision, signal: AbortSignal): Promise<Revision> {
    return this.#with(name, async standby => {
      standby.append(batch)
      await standby.sync(batch.epoch, syncTo, signal)
      return standby.reach.durable
    })
  }

  /** Fills one anew. Faults: those of the standby. */
  fill(name: string, epoch: number, pieces: AsyncIterable<Uint8Array>): Promise<StandbyReach> {
    return this.#with(name, async standby => {
      await standby.fill(epoch, pieces)
      return standby.reach
    })
  }

  /** Reads what one has. Faults: NotWhole, those of the standby and of `run`. */
  read<Value>(name: string, signal: AbortSignal, run: (keyspace: LocalKeyspace) => Promise<Value>): Promise<Value> {
    return this.#with(name, async standby => run(await standby.view(signal)))
  }

  /** How far the one here is; undefined: there is none. */
  async there(name: string): Promise<StandbyReach | undefined> {
    const isThere = this.#options.world.disk.stat(standbyFolder(this.#options.dataFolder, name)) !== undefined
    return isThere ? this.#with(name, async standby => standby.reach) : undefined
  }

  /** Opens all that are here, so that it is known how far they are; one that cannot be is told of in the log. */
  async openAll(): Promise<void> {
    const { world, dataFolder } = this.#options
    const names = world.disk.list(`${dataFolder}/standby`)
    await Promise.all(names.map(name => this.there(name).catch(() => undefined)))
  }

  /** True for one that is open and has all of a log: it can become a home's. */
  isWhole(name: string): boolean {
    return this.#opened.get(name)?.reach.isWhole === true
  }

  /** Closes one, so that it can become a home's. */
  async give(name: string): Promise<void> {
    const opening = this.#open.get(name)
    this.#open.delete(name)
    this.#opened.delete(name)
    await (await opening)?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#opened.clear()
    await Promise.allSettled(this.#last.values())
    for (const opening of this.#open.values())
      await opening.then(each => each[Symbol.asyncDispose]()).catch(() => undefined)
  }

  // One caller at a time, in order.
  #with<Value>(name: string, run: (standby: Standby) => Promise<Value>): Promise<Value> {
    const mine = (this.#last.get(name) ?? Promise.resolve()).then(async () => run(await this.#standby(name)))
    this.#last.set(
      name,
      mine.catch(() => undefined),
    )
    return mine
  }

  #standby(name: string): Promise<Standby> {
    const known = this.#open.get(name)
    if (known !== undefined) return known
    const { world, dataFolder, chunks, index = sqliteIndex } = this.#options
    if (this.#isClosed) return Promise.reject(new Error('the standbys are closed'))
    const { survived } = afterChunks(chunks)
    const opening = openStandby({
      world,
      folder: `${standbyFolder(dataFolder, name)}/keyspace`,
      index,
      survived,
      failed: () => this.#again(name),
    })
    this.#open.set(name, opening)
    opening.then(
      standby => this.#opened.set(name, standby),
      (error: unknown) => {
        world.log.warn('a standby cannot be opened', { filesystem: name, why: whyOf(error) })
        this.#open.delete(name)
      },
    )
    return opening
  }

  // One that failed is opened anew when it is called the next time.
  #again(name: string): void {
    const failed = this.#open.get(name)
    this.#open.delete(name)
    this.#opened.delete(name)
    const closed = failed?.then(standby => standby[Symbol.asyncDispose]()).catch(() => undefined)
    this.#last.set(name, closed ?? Promise.resolve())
  }
}

/** Where the log of a filesystem lies whose home is elsewhere. */
export function standbyFolder(dataFolder: string, name: string): string {
  return `${dataFolder}/standby/${name}`
}

/** The standby of a filesystem becomes what a home opens. What was written here through the earlier home, and not yet there, goes along. */
export async function becomeHome({ disk }: Pick<World, 'disk'>, dataFolder: string, name: string): Promise<void> {
  const [from, to] = [standbyFolder(dataFolder, name), `${dataFolder}/fs/${name}`]
  for (const file of ['staging', 'locks', 'slots', 'unsynced']) {
    const kept = `${dataFolder}/remote/${name}/${file}`
    if (disk.stat(kept) !== undefined) disk.rename(kept, `${from}/${file}`)
  }
  disk.makeFolder(`${dataFolder}/fs`)
  disk.rename(from, to)
  await disk.syncFolder(`${dataFolder}/fs`)
  await disk.syncFolder(`${dataFolder}/standby`)
  await disk.removeFolder(`${dataFolder}/remote/${name}`)
}

/**
 * The other way round: what a home had open becomes the standby it was, log and all, so that there is not a moment in which this
 * machine does not have what it has acknowledged. What was staged is not taken along.
 */
export async function becomeStandby({ disk }: Pick<World, 'disk'>, dataFolder: string, name: string): Promise<void> {
  const [from, to] = [`${dataFolder}/fs/${name}`, standbyFolder(dataFolder, name)]
  for (const entry of disk.list(from))
    if (disk.stat(`${from}/${entry}`)?.kind === 'file') disk.remove(`${from}/${entry}`)
  await disk.syncFolder(from)
  disk.makeFolder(`${dataFolder}/standby`)
  await disk.removeFolder(to)
  disk.rename(from, to)
  await disk.syncFolder(`${dataFolder}/standby`)
  await disk.syncFolder(`${dataFolder}/fs`)
}
