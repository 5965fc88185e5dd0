import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A row of a table; the first of a table is its head. */
export type Row = readonly string[]

/** The processor time of a run, milliseconds, the mean of many: what others do meanwhile does not count. */
export function meanMs(run: () => unknown): number {
  return timed(run).seconds * 1000
}

/** The same in seconds, and what a run answers. */
export function timed<Value>(run: () => Value): { readonly seconds: number; readonly value: Value } {
  const startMs = processorMs()
  for (let runs = 1; ; runs++) {
    const value = run()
    const spentMs = processorMs() - startMs
    if (spentMs >= SPENT_MS_MIN) return { seconds: spentMs / runs / 1000, value }
  }
}

/** Processor time of this thread so far, milliseconds. */
export function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** What a value takes of the heap and of buffers, bytes; of several, so that little is seen. */
export function heapOf<Value>(make: () => Value): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const used = (): number => {
    for (let i = 0; i < 3; i++) collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  make()
  const kept: Value[] = []
  const before = used()
  for (let i = 0; i < HEAP_COPIES; i++) kept.push(make())
  return (used() - before) / kept.length
}

/** Bytes for people. */
export function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`
}

// Kernels may count it in steps of 10 ms.
const SPENT_MS_MIN = 400
const HEAP_COPIES = 10
