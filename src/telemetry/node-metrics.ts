import { Gauge, type Registry } from './library.ts'

/** What a machine of the cloud has and uses. */
export interface NodeReading {
  readonly name: string
  readonly cpus: number
  readonly cpuUsedMilli: number
  readonly memoryMiB: number
  readonly memoryUsedMiB: number
}

/** Adds the processors and memory of machines to a registry, read once whenever somebody asks. */
export function addNodeMetrics(registry: Registry, read: () => Promise<readonly NodeReading[]>): void {
  let asked: Promise<readonly NodeReading[]> | undefined
  const readOnce = () => {
    asked ??= read().finally(() => {
      asked = undefined
    })
    return asked
  }
  for (const [name, help, value] of ROWS) {
    const gauge: Gauge<'node'> = new Gauge({
      name,
      help,
      labelNames: ['node'],
      registers: [registry],
      async collect() {
        const readings = await readOnce()
        gauge.reset()
        for (const each of readings) gauge.set({ node: each.name }, value(each))
      },
    })
  }
}

const MIB = 1024 * 1024

const ROWS: readonly (readonly [name: string, help: string, value: (reading: NodeReading) => number])[] = [
  ['cairn_node_cpu_capacity_cores', 'Processors of a machine.', ({ cpus }) => cpus],
  [
    'cairn_node_cpu_usage_cores',
    'Processors that it used in the last seconds.',
    ({ cpuUsedMilli }) => cpuUsedMilli / 1000,
  ],
  ['cairn_node_memory_capacity_bytes', 'Memory of a machine.', ({ memoryMiB }) => memoryMiB * MIB],
  ['cairn_node_memory_usage_bytes', 'Memory that is not free on it.', ({ memoryUsedMiB }) => memoryUsedMiB * MIB],
]
