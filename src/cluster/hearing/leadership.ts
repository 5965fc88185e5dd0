import type { Clock } from '#base'

/** Who leads, as this machine knows it: its own control process, or a controller that answered a heartbeat. */
export class Leadership {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallNs'>
  #ownUntilMs = Number.NEGATIVE_INFINITY
  #heard: Moment | undefined
  /** An answer with which a newer map was told of than is here. */
  #ahead: { readonly sentMs: number; readonly mapVersion: number } | undefined

  constructor(clock: Pick<Clock, 'monotonicMs' | 'wallNs'>) {
    this.#clock = clock
  }

  /** True while the controllers of this machine lead: what they confirmed last still counts. */
  get isOwn(): boolean {
    return this.#clock.monotonicMs() < this.#ownUntilMs
  }

  /**
   * Milliseconds since the question was sent that a leading controller answered last, by the clock that says more: the monotonic one
   * stands still while a machine sleeps. Undefined: none has.
   */
  get agoMs(): number | undefined {
    const last = this.#heard
    const now = this.#now
    return last === undefined ? undefined : Math.max(now.monotonicMs - last.monotonicMs, now.wallMs - last.wallMs)
  }

  /** The control process of this machine leads, for so long unless it says so again. */
  own(forMs: number): void {
    if (forMs <= 0) return
    const { monotonicMs } = this.#now
    this.#ownUntilMs = monotonicMs + forMs
    this.heard(monotonicMs)
  }

  /**
   * A leading controller has answered what was sent then, and has this version of the map. Where that is newer than the one `here`,
   * it counts once the map is here: until then nobody knows what the leader has decided.
   */
  answered(sentMs: number, { mapVersion, here }: { readonly mapVersion: number; readonly here: number }): void {
    if (mapVersion <= here) this.heard(sentMs)
    else this.#ahead ??= { sentMs, mapVersion }
  }

  /** The map here has this version now. */
  mapIs(version: number): void {
    const ahead = this.#ahead
    if (ahead === undefined || version < ahead.mapVersion) return
    this.#ahead = undefined
    this.heard(ahead.sentMs)
  }

  /** A leading controller has answered what was sent then, monotonic, and knew nothing newer. */
  heard(sentMs: number): void {
    const { monotonicMs, wallMs } = this.#now
    if (this.#heard !== undefined && this.#heard.monotonicMs > sentMs) return
    this.#heard = { monotonicMs: sentMs, wallMs: wallMs - (monotonicMs - sentMs) }
  }

  get #now(): Moment {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: Number(this.#clock.wallNs() / 1_000_000n) }
  }
}

interface Moment {
  readonly monotonicMs: number
  readonly wallMs: number
}
