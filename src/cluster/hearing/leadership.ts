import type { Clock } from '#base'

/** Who leads, as this machine knows it: its own control process, or a controller that answered a heartbeat. */
export class Leadership {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #ownUntilMs = Number.NEGATIVE_INFINITY
  #heardMs: number | undefined

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** True while the controllers of this machine lead: what they confirmed last still counts. */
  get isOwn(): boolean {
    return this.#clock.monotonicMs() < this.#ownUntilMs
  }

  /** Milliseconds since the question was sent that a leading controller answered last; undefined: none has. */
  get agoMs(): number | undefined {
    const nowMs = this.#clock.monotonicMs()
    const lastMs = this.#heardMs
    return lastMs === undefined ? undefined : nowMs - lastMs
  }

  /** The control process of this machine leads, for so long unless it says so again. */
  own(forMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#ownUntilMs = nowMs + forMs
    this.heard(nowMs)
  }

  /** A leading controller has answered what was sent then. */
  heard(sentMs: number): void {
    this.#heardMs = Math.max(this.#heardMs ?? Number.NEGATIVE_INFINITY, sentMs)
  }
}
