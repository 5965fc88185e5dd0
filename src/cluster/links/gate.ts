import type { Fault } from '#base'
import type { Handler } from '#rpc'

/** Holds the calls of a connection back until it is decided whether its machine is let in. */
export class Gate {
  readonly #decided = Promise.withResolvers<void>()

  constructor() {
    this.#decided.promise.catch(() => undefined)
  }

  /** The handlers behind this gate; of one that is refused none runs. */
  before(handlers: readonly Handler[]): readonly Handler[] {
    return handlers.map(({ method, run }) => ({
      method,
      run: async (...call: Parameters<Handler['run']>) => {
        await this.#decided.promise
        return run(...call)
      },
    }))
  }

  open(): void {
    this.#decided.resolve()
  }

  /** Every call is answered with the fault. */
  refuse(fault: Fault): void {
    this.#decided.reject(fault)
  }
}
