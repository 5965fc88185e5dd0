import { type Clock, type Fault, isFault } from '#base'
import { DUPLICATE_MS } from '../limits.ts'

/** What other machines have said last of this one: whether it is let in, and whether another shows its name. */
export class Standing {
  readonly #clock: Clock
  readonly #refusals = new Map<string, { readonly fault: Fault; readonly atMs: number }>()
  readonly #duplicates = new Map<string, { readonly host: string; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Why controllers do not let this machine in now: Removed, or Duplicate; undefined: nobody says so. */
  get refusal(): Fault | undefined {
    const lasting = Array.from(this.#refusals.values()).filter(({ fault, atMs }) => {
      return fault.code === 'Removed' || this.#isFresh(atMs)
    })
    return (lasting.find(({ fault }) => fault.code === 'Removed') ?? lasting[0])?.fault
  }

  /** Where another machine is that shows the name of this one and is not let in. */
  get duplicate(): string | undefined {
    return Array.from(this.#duplicates.values()).find(({ atMs }) => this.#isFresh(atMs))?.host
  }

  /** A controller has let this machine in. */
  welcomed(controller: string): void {
    this.#refusals.delete(controller)
  }

  /** A controller has not taken a heartbeat; a fault of another kind says nothing. */
  refused(controller: string, error: unknown): void {
    if (!isFault(error, 'Removed') && !isFault(error, 'Duplicate')) return
    this.#refusals.set(controller, { fault: error, atMs: this.#clock.monotonicMs() })
  }

  /** A machine has refused another that shows the name of this one; undefined: it has not. */
  duplicated(by: string, host: string | undefined): void {
    if (host === undefined) this.#duplicates.delete(by)
    else this.#duplicates.set(by, { host, atMs: this.#clock.monotonicMs() })
  }

  #isFresh(atMs: number): boolean {
    return this.#clock.monotonicMs() - atMs < DUPLICATE_MS
  }
}
