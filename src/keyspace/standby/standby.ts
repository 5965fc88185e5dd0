import { isFault, type World, whyOf } from '#base'
import { revisionOf } from '../change.ts'
import { checkpointPath } from '../checkpoint.ts'
import { Checkpoints } from '../checkpoints.ts'
import type { LogCursor } from '../commit-log.ts'
import { keyspaceFault } from '../faults.ts'
import type { LocalKeyspace, Revision } from '../keyspace.ts'
import { APPLY_BYTES, SYNC_EVERY_MS } from '../limits.ts'
import { segmentPath, segmentsIn } from '../log/segment.ts'
import type { Survived } from '../log/tail.ts'
import type { IndexFactory } from '../row-index.ts'
import { indexPlace, type OpenStore, openStore } from '../store.ts'
import { SharedRun, TaskScope, waitFor } from '../waiting.ts'
import { type RecordBatch, unpackRecords } from './batch.ts'
import { receiveCheckpoint } from './checkpoint-file.ts'
import { EPOCHS_KEY, type EpochStart, type LogReach, readEpochs } from './epochs.ts'
import { viewOf } from './view.ts'

/** What a standby needs. */
export interface StandbyOptions {
  readonly world: World
  /** The folder of a keyspace, which any other opens as well, one at a time. */
  readonly folder: string
  readonly index: IndexFactory
  /** Looked at for records that the home is not known to have synced: see `EmbeddedOptions`. */
  readonly survived?: Survived | undefined
  /** Hears once why nothing more is taken until it is opened again. */
  readonly failed?: ((error: Error) => void) | undefined
}

/** How far a standby is. */
export interface StandbyReach extends LogReach {
  readonly durable: Revision
  /** False while it has nothing, or a checkpoint but not yet the log behind it: then it cannot be a home's keyspace. */
  readonly isWhole: boolean
}

/**
 * Opens or makes a standby: a copy of a keyspace that takes the records of its log in order. One whose filling was cut off is empty.
 * Faults: InUse, NewerVersion, LogDamaged, CheckpointDamaged, DiskFull, DiskFailed.
 */
export async function openStandby(options: StandbyOptions): Promise<Standby> {
  const { world, folder } = options
  world.disk.makeFolder(folder)
  const lock = world.disk.lock(`${folder}/lock`)
  if (lock === undefined) throw keyspaceFault('InUse', `${folder} is open in another process`)
  try {
    if (world.disk.stat(fillingMark(folder)) !== undefined) await empty(options)
    return new Standby(options, await openStore(options, indexPlace(options, false)), lock)
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

/** A copy of a keyspace on its way behind the home's. One caller at a time appends, syncs and fills. */
export class Standby implements AsyncDisposable {
  readonly #options: StandbyOptions
  readonly #lock: Disposable
  /** Work on the store of the moment. */
  #tasks: TaskScope
  readonly #apply = new SharedRun(() => this.#applyDurable())
  readonly #maintain = new SharedRun(() => this.#checkpoints.maintain(this.#tasks.signal))
  #store: OpenStore
  #checkpoints: Checkpoints
  #cursor: LogCursor | undefined
  #view: LocalKeyspace | undefined
  #epochs: readonly EpochStart[]
  #epoch = 0
  /** Bytes of records that the index may lack. */
  #waitingBytes = 0
  #isSettling = false
  #failure: Error | undefined

  /** See {@link openStandby}. */
  constructor(options: StandbyOptions, store: OpenStore, lock: Disposable) {
    this.#options = options
    this.#lock = lock
    this.#tasks = this.#newTasks()
    this.#store = store
    this.#checkpoints = new Checkpoints({ ...options, ...store })
    this.#epochs = epochsIn(store)
  }

  get reach(): StandbyReach {
    const { log, index } = this.#store
    const isWhole = log.last > 0 && log.last >= index.state.compacted
    return { epochs: this.#epochs, last: log.last, durable: log.durable, isWhole }
  }

  /** The highest epoch that it has heard of: older homes change nothing here. */
  get epoch(): number {
    return Math.max(this.#epoch, this.#epochs.at(-1)?.epoch ?? 0)
  }

  /** There is a home of this epoch. Faults: OldEpoch (there is a newer one). */
  follow(epoch: number): void {
    if (epoch < this.epoch) throw keyspaceFault('OldEpoch', `epoch ${epoch} is over, it is ${this.epoch} now`)
    this.#epoch = epoch
  }

  /** Takes the records that come next; they survive the end of this process. Faults: OldEpoch, Gap, RecordDamaged, NewerVersion, DiskFull, DiskFailed. */
  append(batch: RecordBatch): void {
    this.#check(batch.epoch)
    const { log } = this.#store
    if (batch.from !== log.last + 1) {
      throw keyspaceFault('Gap', `what comes next here is revision ${log.last + 1}, not ${batch.from}`)
    }
    for (const { record, changes } of unpackRecords(batch)) {
      const told = changes.find(change => change.kind === 'put' && change.entry.key === EPOCHS_KEY)
      const epochs = told?.kind === 'put' ? readEpochs(told.entry.value) : this.#epochs
      this.#guarded(() => log.append(record))
      this.#waitingBytes += record.byteLength
      this.#epochs = epochs
    }
  }

  /**
   * Makes everything up to a revision durable: what the home has called durable, or is about to. Faults: OldEpoch, Gap (it is not
   * here), DiskFull, DiskFailed.
   */
  async sync(epoch: number, target: Revision, signal: AbortSignal): Promise<void> {
    this.#check(epoch)
    const { log } = this.#store
    if (target > log.last) throw keyspaceFault('Gap', `revision ${target} is not here: the newest is ${log.last}`)
    if (target <= log.durable) return
    await waitFor(
      log.sync(target).catch((error: unknown) => {
        this.#fail(error)
        throw error
      }),
      signal,
    )
    if (this.#waitingBytes >= APPLY_BYTES) this.#tasks.run(() => this.#settle())
    else if (!this.#isSettling) this.#tasks.run(signal => this.#settleLater(signal))
  }

  /**
   * Brings all that is here into the index, to be read there until the next record comes. Faults: NotWhole, those of the disk.
   */
  async view(signal: AbortSignal): Promise<LocalKeyspace> {
    if (this.#failure !== undefined) throw this.#failure
    const { log, index } = this.#store
    if (log.durable < log.last) await waitFor(log.sync(log.last), signal)
    if (index.state.applied < log.last) await waitFor(this.#apply.request(), signal)
    if (this.reach.isWhole && index.state.applied === log.last) return (this.#view ??= viewOf(index))
    throw keyspaceFault('NotWhole', `this standby has the log up to ${log.last}, and its index ${index.state.applied}`)
  }

  /**
   * Becomes what a checkpoint says, or empty when there is none; the log behind it is to follow. Until all of it is here it stays as it was; a kill while they
   * change places leaves nothing. Faults: OldEpoch, RecordDamaged, DiskFull, DiskFailed.
   */
  async fill(epoch: number, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    this.#check(epoch)
    const { world, folder } = this.#options
    const received = `${folder}/checkpoint.received`
    const isThere = await receiveCheckpoint(world.disk, received, pieces)
    this.#check(epoch)
    try {
      await this.#become(isThere ? received : undefined)
    } catch (error) {
      this.#fail(error)
      throw error
    }
  }

  async #become(received: string | undefined): Promise<void> {
    const { world, folder } = this.#options
    world.disk.open(fillingMark(folder), 'create').close()
    await world.disk.syncFolder(folder)
    await this.#closeStore(false)
    this.#cursor = undefined
    this.#view = undefined
    this.#tasks = this.#newTasks()
    await clear(this.#options)
    if (received === undefined) world.disk.remove(checkpointPath(folder))
    else world.disk.rename(received, checkpointPath(folder))
    await world.disk.syncFolder(folder)
    world.disk.remove(fillingMark(folder))
    await world.disk.syncFolder(folder)
    this.#store = await openStore(this.#options, indexPlace(this.#options, false))
    this.#checkpoints = new Checkpoints({ ...this.#options, ...this.#store })
    this.#epochs = epochsIn(this.#store)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isFault(this.#failure, 'Closed')) return
    const failed = this.#failure !== undefined
    this.#failure = keyspaceFault('Closed', 'the standby is closed')
    await this.#closeStore(!failed)
    this.#lock[Symbol.dispose]()
  }

  #newTasks(): TaskScope {
    return new TaskScope(error => this.#fail(error))
  }

  async #closeStore(isClean: boolean): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]()
    await this.#apply.request().catch(() => undefined)
    this.#store.log.close()
    await this.#store.index.close(isClean)
  }

  // Few small batches would cost the index many writes: it follows in large ones, and whenever some time has passed.
  async #settleLater(signal: AbortSignal): Promise<void> {
    this.#isSettling = true
    try {
      await this.#options.world.clock.sleep(SYNC_EVERY_MS, signal)
    } finally {
      this.#isSettling = false
    }
    await this.#settle()
  }

  async #settle(): Promise<void> {
    await this.#apply.request()
    await this.#maintain.request()
  }

  // The index follows what is durable, straight from the log, so that nothing waits for it in memory.
  async #applyDurable(): Promise<void> {
    const { log, index } = this.#store
    this.#waitingBytes = 0
    while (index.state.applied < log.durable) {
      this.#cursor ??= log.cursor(revisionOf(index.state.applied + 1))
      const records = this.#cursor.next().filter(({ revision }) => revision <= log.durable)
      const last = records.at(-1)
      if (last !== undefined) await index.apply(Buffer.concat(records.map(({ bytes }) => bytes)))
      // What was read and is not durable yet is read again.
      if (last?.revision !== log.last) this.#cursor = undefined
      if (last === undefined) return
    }
    log.trim(revisionOf(Math.min(this.#checkpoints.applied + 1, index.state.applied)))
  }

  #check(epoch: number): void {
    if (this.#failure !== undefined) throw this.#failure
    this.follow(epoch)
  }

  #guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      if (!isFault(error, 'DiskFull')) this.#fail(error)
      throw error
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#options.world.log.warn('keyspace: a standby takes nothing more', { why: whyOf(error) })
    this.#options.failed?.(this.#failure)
  }
}

function epochsIn({ index }: OpenStore): readonly EpochStart[] {
  const row = index.get(EPOCHS_KEY)
  return row === undefined ? [] : readEpochs(row.value)
}

function fillingMark(folder: string): string {
  return `${folder}/filling`
}

async function empty(options: StandbyOptions): Promise<void> {
  const { world, folder } = options
  world.log.info('keyspace: a standby whose filling was cut off begins anew', { folder })
  await clear(options)
  world.disk.remove(checkpointPath(folder))
  await world.disk.syncFolder(folder)
  world.disk.remove(fillingMark(folder))
  await world.disk.syncFolder(folder)
}

// Of log and index nothing stays; the mark says so until all of it has gone.
async function clear(options: StandbyOptions): Promise<void> {
  const { world, folder, index } = options
  const place = indexPlace(options, false)
  index.remove(place)
  world.disk.remove(`${place.folder}/damaged`)
  for (const sequence of segmentsIn(world.disk, `${folder}/log`).reverse()) {
    world.disk.remove(segmentPath(`${folder}/log`, sequence))
  }
  for (const name of ['index', 'log']) {
    world.disk.makeFolder(`${folder}/${name}`)
    await world.disk.syncFolder(`${folder}/${name}`)
  }
}
