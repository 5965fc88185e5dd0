import { faultOf } from '#rpc'
import { mainFault } from '../faults.ts'
import { type Order, type Report, readOrder, type Start } from '../messages.ts'

/** The storage process's end of the channel to its supervisor. */
export interface SupervisorLink {
  /** What this process was started for. */
  readonly start: Promise<Start>
  /** Resolves when this process should close: told, by signal, or because the supervisor is gone. */
  readonly stop: Promise<void>
  /** Resolves when the supervisor is gone: nobody waits for this process any more, and the next Cairn wants its data. */
  readonly gone: Promise<void>
  tell(report: Report): void
  /** Asks the supervisor for something; answers the real path when it is done. Faults: those of the supervisor, StorageProcess. */
  ask(request: Request): Promise<string>
}

/** What can be asked; the link numbers it. */
export type Request =
  | { readonly kind: 'mount'; readonly filesystem: string; readonly path: string; readonly isMoved: boolean }
  | { readonly kind: 'unmount'; readonly path: string }

/** Opens the channel Node gave this process. Faults: Invalid when nobody supervises it. */
export function openSupervisorLink(): SupervisorLink {
  const start = Promise.withResolvers<Start>()
  const stop = Promise.withResolvers<void>()
  const asked = new Map<number, PromiseWithResolvers<string>>()
  if (!process.connected) {
    throw mainFault('Invalid', 'the storage process is started by `cairn up` only', { hint: 'Run `cairn up`.' })
  }
  const hear = (order: Order): void => {
    if (order.kind === 'start') start.resolve(order)
    if (order.kind === 'stop') stop.resolve()
    if (order.kind !== 'answer') return
    const waiting = asked.get(order.id)
    asked.delete(order.id)
    if (order.fault === undefined) waiting?.resolve(order.path ?? '')
    else waiting?.reject(faultOf(order.fault))
  }
  process.on('message', value => hear(readOrder(value)))
  const gone = Promise.withResolvers<void>()
  process.on('disconnect', () => {
    stop.resolve()
    gone.resolve()
    for (const waiting of asked.values()) waiting.reject(supervisorGone())
    asked.clear()
  })
  // A terminal's Ctrl-C reaches every process of the job: the supervisor decides what follows.
  process.on('SIGINT', () => undefined)
  process.on('SIGHUP', () => undefined)
  process.on('SIGTERM', () => stop.resolve())
  let lastId = 0
  return {
    start: start.promise,
    stop: stop.promise,
    gone: gone.promise,
    tell,
    ask(request) {
      if (!process.connected) return Promise.reject(supervisorGone())
      lastId += 1
      const waiting = Promise.withResolvers<string>()
      asked.set(lastId, waiting)
      tell({ id: lastId, ...request })
      return waiting.promise
    },
  }
}

function supervisorGone(): Error {
  return mainFault('StorageProcess', 'the supervisor of this Cairn is gone', { hint: 'Start it again: `cairn up`.' })
}

function tell(report: Report): void {
  if (process.connected) process.send?.(report, undefined, {}, () => undefined)
}
