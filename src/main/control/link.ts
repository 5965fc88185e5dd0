import { mainFault } from '../faults.ts'
import { type ControlOrder, type ControlReport, type ControlStart, readControlOrder } from './messages.ts'

/** The control process's end of the channel to its supervisor. */
export interface ControlLink {
  /** What this process was started for. */
  readonly start: Promise<ControlStart>
  /** Resolves when this process should close: told, by signal, or because the supervisor is gone. */
  readonly stop: Promise<void>
  /** Resolves when the supervisor is gone: nobody waits for this process any more. */
  readonly gone: Promise<void>
  tell(report: ControlReport): void
}

/** Opens the channel Node gave this process. Faults: Invalid when nobody supervises it. */
export function openControlLink(): ControlLink {
  if (!process.connected) {
    throw mainFault('Invalid', 'the control process is started by `cairn up` only', { hint: 'Run `cairn up`.' })
  }
  const start = Promise.withResolvers<ControlStart>()
  const stop = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  const hear = (order: ControlOrder): void => {
    if (order.kind === 'start') start.resolve(order)
    else stop.resolve()
  }
  process.on('message', value => hear(readControlOrder(value)))
  process.on('disconnect', () => {
    stop.resolve()
    gone.resolve()
  })
  // A terminal's Ctrl-C reaches every process of the job: the supervisor decides what follows.
  process.on('SIGINT', () => undefined)
  process.on('SIGHUP', () => undefined)
  process.on('SIGTERM', () => stop.resolve())
  const tell = (report: ControlReport): void => {
    if (process.connected) process.send?.(report, undefined, {}, () => undefined)
  }
  return { start: start.promise, stop: stop.promise, gone: gone.promise, tell }
}
