import { Gauge, type Registry } from './library.ts'

/** How much one controller has to do and has done. */
export interface ControllerReading {
  readonly name: string
  readonly waiting: number
  readonly delayed: number
  readonly active: number
  readonly done: number
  readonly failed: number
  readonly busyMs: number
}

/**
 * Adds what controllers tell to a registry, read whenever somebody asks; depth and retries under the names of Kubernetes' work
 * queues.
 */
export function addControllerMetrics(registry: Registry, read: () => readonly ControllerReading[]): void {
  for (const [name, help, value] of ROWS) {
    const gauge: Gauge<'name'> = new Gauge({
      name,
      help,
      labelNames: ['name'],
      registers: [registry],
      collect() {
        gauge.reset()
        for (const each of read()) gauge.set({ name: each.name }, value(each))
      },
    })
  }
}

const ROWS: readonly (readonly [name: string, help: string, value: (reading: ControllerReading) => number])[] = [
  ['workqueue_depth', 'Objects that wait to be looked at.', ({ waiting }) => waiting],
  ['workqueue_retries_total', 'Looks that failed and are tried again.', ({ failed }) => failed],
  ['cairn_controller_delayed', 'Objects that wait for their time.', ({ delayed }) => delayed],
  ['cairn_controller_active', 'Objects being looked at.', ({ active }) => active],
  ['cairn_controller_looks_total', 'Looks that ended well.', ({ done }) => done],
  ['cairn_controller_busy_seconds_total', 'Seconds that looks took.', ({ busyMs }) => busyMs / 1000],
]
