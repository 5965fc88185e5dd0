import { isFault, OVER, type World, whyOf } from '#base'
import { revisionOf } from '../change.ts'
import type { LocalKeyspace, LogRecord, Revision } from '../keyspace.ts'
import { FOLLOW_AGAIN_MS, FOLLOW_AGAIN_MS_MAX, SHIP_BATCH_BYTES, SHIP_LAG_MS } from '../limits.ts'
import { sleepUntilWoken } from '../waiting.ts'
import { packRecords, type RecordBatch } from './batch.ts'
import type { SentCheckpoint } from './checkpoint-file.ts'
import { epochsOf, nextFrom } from './epochs.ts'
import type { StandbyReach } from './standby.ts'

/** The way to a standby on another machine. Faults: those of the standby, and of the way. */
export interface StandbyLine {
  /** How far it is; there is a home of this epoch from now on. */
  reach(epoch: number, signal: AbortSignal): Promise<StandbyReach>
  /** Gives it the records that come next, and has everything up to `syncTo` made durable there; answers how far it is durable. */
  append(batch: RecordBatch, syncTo: Revision, signal: AbortSignal): Promise<Revision>
  /** Fills it anew; answers how far it is then. */
  fill(epoch: number, pieces: Iterable<Uint8Array>, signal: AbortSignal): Promise<StandbyReach>
}

/** What a standby is followed with. */
export interface FollowerParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly name: string
  readonly epoch: number
  readonly keyspace: LocalKeyspace
  readonly line: StandbyLine
  readonly checkpoint: () => SentCheckpoint | undefined
  /** Everything up to it may be made durable at standbys: what it names is. */
  readonly target: () => Revision
  /** Records up to it may be sent. */
  readonly limit: () => Revision
  /** True while nobody waits for this standby: it is sent what there is once a second. */
  readonly isSpare: () => boolean
  /** Awaited before a standby loses what it has, to be filled anew, and when it has lost it: it is empty. */
  readonly empties: (signal: AbortSignal) => Promise<void>
  /** It is durable further than before. */
  readonly moved: () => void
  /** It knows of a later home. */
  readonly deposed: (error: Error) => void
}

/** Brings one standby as far as the home is, and keeps it there. */
export class Follower {
  readonly #parts: FollowerParts
  #wake = new AbortController()
  /** Everything up to it is durable there; 0 while that is not known. */
  durable: Revision = revisionOf(0)
  /** When it has answered last, by the monotonic clock; undefined: not yet. */
  heardMs: number | undefined
  /** Why it does not follow now. */
  trouble: string | undefined

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  get name(): string {
    return this.#parts.name
  }

  /** There is something to send. */
  wake(): void {
    this.#wake.abort(OVER)
  }

  /** Follows until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { world, deposed, name } = this.#parts
    for (let pauseMs = FOLLOW_AGAIN_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, FOLLOW_AGAIN_MS_MAX)) {
      try {
        await this.#follow(signal, () => {
          pauseMs = FOLLOW_AGAIN_MS
        })
      } catch (error) {
        if (signal.aborted) return
        if (isFault(error, 'OldEpoch')) deposed(error)
        if (this.trouble === undefined)
          world.log.info('a standby does not follow', { machine: name, why: whyOf(error) })
        this.trouble = whyOf(error)
      }
      await sleepUntilWoken(world.clock, pauseMs, signal)
    }
  }

  async #follow(signal: AbortSignal, well: () => void): Promise<void> {
    const { keyspace, line, epoch, checkpoint, empties } = this.#parts
    let reach = await line.reach(epoch, signal)
    this.#heard()
    const own = () => ({ epochs: epochsOf(keyspace), last: keyspace.revision })
    let records = await this.#recordsFrom(nextFrom(own(), reach), signal)
    if (records === undefined || reach.last === 0) await empties(signal)
    if (records === undefined) {
      this.durable = revisionOf(0)
      using sent = checkpoint()
      reach = await line.fill(epoch, sent?.pieces() ?? [], signal)
      this.#heard()
      records = await this.#recordsFrom(revisionOf(reach.last + 1), signal)
    }
    if (records === undefined) return // a newer checkpoint has taken its place meanwhile
    this.durable = reach.durable
    this.trouble = undefined
    this.#parts.moved()
    well()
    await this.#send(records, revisionOf(reach.last + 1), signal)
  }

  // Undefined when the log begins later.
  async #recordsFrom(from: Revision | undefined, signal: AbortSignal): Promise<Records | undefined> {
    const { keyspace } = this.#parts
    if (from === undefined) return undefined
    const records = keyspace.records(from, signal)[Symbol.asyncIterator]()
    if (from > keyspace.revision) return { first: undefined, rest: records }
    try {
      const first = await records.next()
      return { first: first.value, rest: records }
    } catch (error) {
      if (isFault(error, 'Compacted')) return undefined
      throw error
    }
  }

  async #send(records: Records, from: Revision, signal: AbortSignal): Promise<never> {
    const { line, epoch, target, limit, moved, isSpare } = this.#parts
    let [next, first] = [from, records.first]
    for (let bytes = SHIP_BATCH_BYTES; ; ) {
      if (isSpare() && bytes < SHIP_BATCH_BYTES) await this.#idle(signal)
      while (limit() < next && target() <= this.durable) await this.#idle(signal)
      const to = limit()
      const batch: LogRecord[] = first === undefined || to < next ? [] : [first]
      if (batch.length > 0) first = undefined
      bytes = batch[0]?.bytes.byteLength ?? 0
      while (next + batch.length <= to && bytes < SHIP_BATCH_BYTES) {
        const { value, done } = await records.rest.next()
        if (done === true) break
        batch.push(value)
        bytes += value.bytes.byteLength
      }
      const last = next + batch.length - 1
      const syncTo = revisionOf(Math.min(target(), last))
      this.durable = await line.append(packRecords(epoch, next, batch), syncTo, signal)
      next = revisionOf(last + 1)
      this.#heard()
      moved()
    }
  }

  // What nobody waits for goes along within a second.
  async #idle(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const wake = this.#wake
    await sleepUntilWoken(this.#parts.world.clock, SHIP_LAG_MS, AbortSignal.any([signal, wake.signal]))
    if (wake.signal.aborted) this.#wake = new AbortController()
  }

  #heard(): void {
    this.heardMs = this.#parts.world.clock.monotonicMs()
  }
}

interface Records {
  readonly first: LogRecord | undefined
  readonly rest: AsyncIterator<LogRecord>
}
