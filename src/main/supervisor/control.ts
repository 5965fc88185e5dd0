import { assert, type Fault, isFault, type World, whyOf } from '#base'
import type { ControlReady, ControlStart } from '../control/messages.ts'
import { ControlProcess } from './control-process.ts'
import { RestartPause } from './restart-pause.ts'

/** How the control process is started each time. */
export type ControlOptions = Omit<ControlStart, 'supervisorPid' | 'restarts'>

/** How the first start of the API came out. */
export type ApiOutcome = ControlReady | { readonly fault: Fault }

const ENDED_WELL = 'exit code 0'

const LASTING: ReadonlySet<string> = new Set(
  'MasterKey Listen DataNewer DataFolder Invalid Moved Unfinished Refused OldServer'.split(' '),
)

/** Keeps one control process running until disposed. Storage does not notice when it dies or is started again. */
export class Control implements AsyncDisposable {
  readonly #world: World
  readonly #closing = new AbortController()
  #options: ControlOptions
  #restarts: ControlStart['restarts'] = { count: 0 }
  #current: ControlProcess
  readonly #lookAtEtcd: () => void
  #watching: Promise<void> = Promise.resolve()

  /** Starts the first control process. `lookAtEtcd` is called when another etcd is to run on this machine. */
  constructor(options: ControlOptions, world: World, lookAtEtcd: () => void) {
    this.#options = options
    this.#world = world
    this.#lookAtEtcd = lookAtEtcd
    this.#current = this.#start()
  }

  /**
   * Resolves when the API answers; with why it does not yet, when that may end by itself. From then on the process is
   * started again when it dies, at the same address. Faults: what only a person can mend, MasterKey, Listen, DataNewer.
   */
  async untilReady(): Promise<ApiOutcome> {
    const outcome = await this.#firstOutcome()
    this.#watching = this.#watch()
    return outcome
  }

  /** Process id of the control process of the moment. */
  get pid(): number | undefined {
    return this.#current.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#current.stop()
    await this.#watching
  }

  #start(): ControlProcess {
    return new ControlProcess({ ...this.#options, restarts: this.#restarts }, this.#world, ({ kind }) => {
      if (kind === 'etcd') this.#lookAtEtcd()
    })
  }

  async #firstOutcome(): Promise<ApiOutcome> {
    try {
      const report = await this.#current.ready
      assert(report.kind === 'ready', 'only a process that is ready resolves so')
      this.#options = { ...this.#options, port: Number(new URL(report.url).port || 443) }
      return report
    } catch (error) {
      if (!isFault(error) || LASTING.has(error.code)) throw error
      return { fault: error }
    }
  }

  async #watch(): Promise<void> {
    const { clock, log } = this.#world
    const pause = new RestartPause(clock)
    for (;;) {
      const sinceMs = clock.monotonicMs()
      const how = await this.#current.ended
      if (this.#closing.signal.aborted) return
      log.warn(`the control process ended (${how}); starting it again`)
      // What ends well wants to begin anew, as where the control plane has moved to.
      if (how !== ENDED_WELL) this.#restarts = { count: this.#restarts.count + 1, last: how }
      await pause.wait(sinceMs, this.#closing.signal)
      if (this.#closing.signal.aborted) return
      this.#current = this.#start()
      this.#current.ready.catch(error => log.warn('the control process did not come up', { error: whyOf(error) }))
    }
  }
}
