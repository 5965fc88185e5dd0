import { type Clock, orAborted, OVER, type World } from '#base'
import { homeOf, type MachineSubject, type Machines, type MapFilesystem } from '#cluster'
import { type ChunkSource, type RemoteAnswer, type RemoteKind, StandIn, type StandInCall } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { BELIEF_MS, BELIEF_MS_MAX, HOME_SILENT_MS, STAND_IN_CONFIRM_MS } from '../limits.ts'
import { askStandIn } from '../remote-fs/transport.ts'
import { canFailOver } from '../storage/cut-off.ts'
import { logHomes } from './methods.ts'
import type { HomeRecords, SetHome } from './records.ts'
import type { Standbys } from './standbys.ts'

/** What stands in for homes. */
export interface StandInsParts {
  readonly world: World
  readonly machines: Machines
  readonly chunks: ChunkSource
  readonly records: Pick<HomeRecords, 'of'>
  readonly standbys: Pick<Standbys, 'read'>
  readonly setHome: SetHome
}

/**
 * Answers what only reads of filesystems whose home is silent, on the machines that have their log: so reads go on while the next home
 * is found, or until a person names one.
 */
export class StandIns {
  readonly #parts: StandInsParts
  readonly #made = new Map<string, StandIn>()
  /** Whether homes answer this machine, and where people name the next one, whether a controller does. */
  readonly #heard = new Map<string, Belief>()

  constructor(parts: StandInsParts) {
    this.#parts = parts
  }

  /** Asks every machine that has the log, this one too: the first that answers counts. Faults: those of {@link answer}. */
  async ask<Kind extends RemoteKind>(
    filesystem: string,
    call: StandInCall<Kind>,
    signal: AbortSignal,
  ): Promise<RemoteAnswer<Kind>> {
    const { machines, records } = this.#parts
    const { own, map } = machines
    const { home, inSync = [] } = records.of(filesystem) ?? {}
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const asked = inSync
      .filter(name => name !== home)
      .map(async name => {
        if (name !== own) {
          const client = machines.client(name) ?? (await machines.connect(name, either))
          return askStandIn(client, filesystem, call, either)
        }
        const isController = map.machines.find(each => each.name === own)?.role === 'controller'
        return (await this.answer({ name: own, isController }, filesystem, call, either)) as RemoteAnswer<Kind>
      })
    try {
      return await Promise.any(asked)
    } catch (error) {
      signal.throwIfAborted()
      throw (error as AggregateError).errors[0] ?? cannot(filesystem, 'no other machine has its log')
    } finally {
      over.abort(OVER)
    }
  }

  /** Answers a machine from the log that is here. Faults: HomeUnreachable, those of {@link StandIn}. */
  async answer(
    machine: MachineSubject,
    filesystem: string,
    call: StandInCall,
    signal: AbortSignal,
  ): Promise<RemoteAnswer> {
    const { machines, records, standbys, chunks, world } = this.#parts
    const record = records.of(filesystem)
    if (record === undefined || record.home === machines.own || !record.inSync.includes(machines.own)) {
      throw cannot(filesystem, 'this machine has no log of it that is as far as that of its home')
    }
    await Promise.all([this.#isSilent(record, signal), this.#isCurrent(record, signal)])
    return standbys.read(filesystem, signal, keyspace => {
      const known = this.#made.get(filesystem)
      const standIn = known?.isOf(keyspace) === true ? known : new StandIn(keyspace, { chunks, clock: world.clock })
      this.#made.set(filesystem, standIn)
      return standIn.answer(machine, call)
    })
  }

  // A home that answers this machine may have changed since, and says so itself.
  async #isSilent({ name, home }: MapFilesystem, signal: AbortSignal): Promise<void> {
    const { machines } = this.#parts
    const isHeard = this.#belief(home, () =>
      this.#within(HOME_SILENT_MS, async within => {
        const client = machines.client(home) ?? (await machines.connect(home, within))
        await client.call(logHomes, { records: [] }, within)
      }),
    )
    if (await orAborted(isHeard.now(), signal)) throw cannot(name, `its home ${home} answers this machine`)
  }

  // Who was left out meanwhile may lack what was synced since. The controllers know; where people name the next home, and none of them
  // answers, the log here is the best there is.
  async #isCurrent(record: MapFilesystem, signal: AbortSignal): Promise<void> {
    const { machines, setHome } = this.#parts
    const { name } = record
    const ask = async (within: AbortSignal) => {
      const { map } = await setHome({ filesystem: name, was: record, next: record }, within)
      return homeOf(map, name)
    }
    let now: MapFilesystem | undefined
    if (canFailOver(machines.map)) {
      const isTold = await this.#within(STAND_IN_CONFIRM_MS, async within => {
        now = await ask(AbortSignal.any([signal, within]))
      })
      if (!isTold) throw cannot(name, 'no controller says whether the log here is as far as it should be')
    } else {
      const isAnswered = this.#belief('', () =>
        this.#within(STAND_IN_CONFIRM_MS, async within => void (await ask(within))),
      )
      now = (await orAborted(isAnswered.now(), signal)) ? await ask(signal) : record
    }
    if (now?.epoch !== record.epoch || !now.inSync.includes(machines.own)) {
      throw cannot(name, 'the log here is not as far as that of its home')
    }
  }

  #belief(of: string, look: () => Promise<boolean>): Belief {
    const known = this.#heard.get(of) ?? new Belief(this.#parts.world.clock, look)
    this.#heard.set(of, known)
    return known
  }

  // True when it was done in time.
  async #within(ms: number, work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const over = new AbortController()
    const done = work(over.signal).then(
      () => true,
      () => false,
    )
    const late = this.#parts.world.clock.sleep(ms, over.signal).then(
      () => false,
      () => false,
    )
    const isDone = await Promise.race([done, late])
    over.abort(OVER)
    return isDone
  }
}

/** Something that takes long to find out: who asks often is told what was found last, while that is looked at again. */
class Belief {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #look: () => Promise<boolean>
  #last: { readonly value: boolean; readonly atMs: number } | undefined
  #looking: Promise<boolean> | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>, look: () => Promise<boolean>) {
    this.#clock = clock
    this.#look = look
  }

  async now(): Promise<boolean> {
    const ageMs = this.#clock.monotonicMs() - (this.#last?.atMs ?? Number.NEGATIVE_INFINITY)
    if (ageMs >= BELIEF_MS) void this.#lookAgain()
    return this.#last === undefined || ageMs >= BELIEF_MS_MAX ? this.#lookAgain() : this.#last.value
  }

  #lookAgain(): Promise<boolean> {
    this.#looking ??= this.#look().then(value => {
      this.#last = { value, atMs: this.#clock.monotonicMs() }
      this.#looking = undefined
      return value
    })
    return this.#looking
  }
}

function cannot(filesystem: string, why: string): Error {
  return mainFault('HomeUnreachable', `nobody stands in for the home of ${filesystem} here: ${why}`)
}
