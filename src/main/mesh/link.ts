import { mainFault } from '../faults.ts'
import { type MeshOrder, type MeshStart, type MeshToldReport, readMeshOrder } from './messages.ts'

/** The mesh process's end of the channel to its supervisor. */
export interface MeshLink {
  /** What this process was started for. */
  readonly start: Promise<MeshStart>
  /** Resolves when this process should close: told, by signal, or because the supervisor is gone. */
  readonly stop: Promise<void>
  /** Resolves when the supervisor is gone. */
  readonly gone: Promise<void>
  tell(report: MeshToldReport): void
}

/** Opens the channel Node gave this process. Faults: Invalid when nobody supervises it. */
export function openMeshLink(): MeshLink {
  if (!process.connected) {
    throw mainFault('Invalid', 'the mesh process is started by `cairn up` only', { hint: 'Run `cairn up`.' })
  }
  const start = Promise.withResolvers<MeshStart>()
  const stop = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  const hear = (order: MeshOrder): void => {
    if (order.kind === 'start') start.resolve(order)
    else stop.resolve()
  }
  process.on('message', value => hear(readMeshOrder(value)))
  process.on('disconnect', () => {
    stop.resolve()
    gone.resolve()
  })
  // A terminal's Ctrl-C reaches every process of the job: the supervisor decides what follows.
  process.on('SIGINT', () => undefined)
  process.on('SIGHUP', () => undefined)
  process.on('SIGTERM', () => stop.resolve())
  const tell = (report: MeshToldReport): void => {
    if (process.connected) process.send?.(report, undefined, {}, () => undefined)
  }
  return { start: start.promise, stop: stop.promise, gone: gone.promise, tell }
}
