import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A row of a table; the first of a table is its head. */
export type Row = readonly string[]

/** The median time of some runs, milliseconds. */
export function medianMs(run: () => unknown): number {
  const times: number[] = []
  const untilMs = performance.now() + RUN_MS
  while (times.length < RUNS_MIN || (performance.now() < untilMs && times.length < RUNS_MAX)) {
    const startMs = performance.now()
    run()
    times.push(performance.now() - startMs)
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? 0
}

/** The time of one run, seconds, and what it answers. */
export function timed<Value>(run: () => Value): { readonly seconds: number; readonly value: Value } {
  const startMs = performance.now()
  const value = run()
  return { seconds: (performance.now() - startMs) / 1000, value }
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

const RUNS_MIN = 5
const RUNS_MAX = 200
const RUN_MS = 300
const HEAP_COPIES = 10
