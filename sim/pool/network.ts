import type { Duplex } from '#rpc'
import { Life } from '../life.ts'
import type { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'

/**
 * The network between simulated machines, as connections see it: bytes come late, in order or not at all; what is lost comes
 * later still; a cut that lasts ends connections.
 */
export class SimNetwork {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #life = new Life(0)
  readonly #cuts = new Set<string>()
  readonly #slow = new Map<string, number>()
  #connections: Connection[] = []
  /** Bytes that each machine has sent. */
  readonly sent = new Map<string, number>()

  constructor(scheduler: Scheduler, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from} ${to}`)
  }

  /** Nothing gets from one to the other any more. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`)
  }

  /** Everything to and from a machine takes so much longer. */
  slow(name: string, ms: number): void {
    this.#slow.set(name, ms)
  }

  heal(): void {
    this.#cuts.clear()
    this.#slow.clear()
  }

  /** How long one message between them takes now. */
  delayMs(from: string, to: string): number {
    return this.#random.fraction() * DELAY_MS + (this.#slow.get(from) ?? 0) + (this.#slow.get(to) ?? 0)
  }

  /** All connections between two machines are lost: what was sent and has not arrived never does. */
  break(one: string, other: string): void {
    for (const { ends, out } of this.#open) if (ends.includes(one) && ends.includes(other)) out.reset()
  }

  /**
   * A machine's process has ended. After a kill its system says so to all, behind what was sent; who lost the power says
   * nothing any more, and nobody is told.
   */
  end(name: string, how: 'kill' | 'power'): void {
    for (const { ends, out, back } of this.#open) {
      if (!ends.includes(name)) continue
      const [own, other] = ends[0] === name ? [out, back] : [back, out]
      if (how === 'power') for (const way of [own, other]) way.fallSilent()
      else {
        own.close()
        other.drop()
      }
    }
  }

  /** Both ends of a new connection. */
  connect(dialler: string, acceptor: string): [Duplex, Duplex] {
    const out = new Way(way => this.#carry(way, dialler, acceptor), this.#counting(dialler))
    const back = new Way(way => this.#carry(way, acceptor, dialler), this.#counting(acceptor))
    this.#connections = [...this.#open, { ends: [dialler, acceptor], out, back }]
    return [endOf(back, out), endOf(out, back)]
  }

  #counting(name: string): (bytes: number) => void {
    return bytes => void this.sent.set(name, (this.sent.get(name) ?? 0) + bytes)
  }

  get #open(): Connection[] {
    return this.#connections.filter(({ out, back }) => !out.isOver || !back.isOver)
  }

  #carry(way: Way, from: string, to: string): void {
    const late = this.#random.chance(LOSS) ? RETRANSMIT_MS : 0
    const ms = this.delayMs(from, to) + late
    this.#scheduler.at(this.#life, ms, () => this.#arrive(way, from, to, CUT_TRIES_MAX))
  }

  #arrive(way: Way, from: string, to: string, tries: number): void {
    if (!this.isCut(from, to)) return way.deliver()
    if (tries === 0) return way.reset()
    this.#scheduler.at(this.#life, RETRANSMIT_MS, () => this.#arrive(way, from, to, tries - 1))
  }
}

interface Connection {
  readonly ends: readonly [string, string]
  /** From the first of them to the second. */
  readonly out: Way
  readonly back: Way
}

const LOSS = 0.02
const DELAY_MS = 3
const RETRANSMIT_MS = 200
/** A connection ends when nothing has got through for 15 s. */
const CUT_TRIES_MAX = 75
const CONGESTED_BYTES = 256 * 1024

/** One direction of a connection. */
class Way {
  other: Way | undefined
  #isClosed = false
  #isSilent = false
  readonly #travelling: (Uint8Array | 'end')[] = []
  readonly #arrived: Uint8Array[] = []
  readonly #carry: (way: Way) => void
  readonly #count: (bytes: number) => void
  #isEnded = false
  #wakeReader: () => void = () => undefined
  #drained = Promise.withResolvers<void>()
  bytes = 0

  constructor(carry: (way: Way) => void, count: (bytes: number) => void) {
    this.#carry = carry
    this.#count = count
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#isClosed || this.#isSilent) return
    const bytes = Buffer.concat(parts)
    this.bytes += bytes.byteLength
    this.#count(bytes.byteLength)
    this.#travelling.push(bytes)
    this.#carry(this)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#travelling.push('end')
    this.#carry(this)
  }

  /** Each carried piece brings the first that has not arrived: they never overtake each other. */
  deliver(): void {
    const next = this.#isSilent ? undefined : this.#travelling.shift()
    if (next === undefined) return
    if (next === 'end') return this.#end()
    this.bytes -= next.byteLength
    this.#arrived.push(next)
    this.#wakeReader()
    this.#wakeWriters()
  }

  /** The connection is gone, for both sides. */
  reset(): void {
    this.#end()
    if (this.other !== undefined) this.other.#end()
  }

  /** Who should read is there no more. */
  drop(): void {
    this.#end()
  }

  /** Nothing comes any more, and nobody says so. */
  fallSilent(): void {
    this.#isSilent = true
  }

  /** True when nothing more can come of it. */
  get isOver(): boolean {
    return this.#isEnded || this.#isSilent
  }

  get isCongested(): boolean {
    return this.bytes > CONGESTED_BYTES && !this.#isEnded
  }

  drained(): Promise<void> {
    return this.isCongested ? this.#drained.promise : Promise.resolve()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const next = this.#arrived.shift()
      if (next !== undefined) yield next
      else if (this.#isEnded) return
      else {
        await new Promise<void>(resolve => {
          this.#wakeReader = resolve
        })
      }
    }
  }

  #end(): void {
    this.#isClosed = true
    this.#isEnded = true
    this.#travelling.length = 0
    this.bytes = 0
    this.#wakeReader()
    this.#wakeWriters()
  }

  #wakeWriters(): void {
    if (this.isCongested) return
    this.#drained.resolve()
    this.#drained = Promise.withResolvers()
  }
}

function endOf(incoming: Way, outgoing: Way): Duplex {
  incoming.other = outgoing
  return {
    incoming,
    write: parts => outgoing.write(parts),
    get congested() {
      return outgoing.isCongested
    },
    get bufferedBytes() {
      return outgoing.bytes
    },
    drained: () => outgoing.drained(),
    close: () => outgoing.close(),
    destroy: () => outgoing.reset(),
  }
}
