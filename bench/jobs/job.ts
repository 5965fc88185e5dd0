/** What a job needs: a path, and counts in the job's own words. */
export interface JobInput {
  readonly path: string
  readonly count?: number
  readonly bytes?: number
}

/** Measured figures by name; `seconds` is the time, processor seconds of the program itself are `cpu`. */
export type Figures = Readonly<Record<string, number>>

/** One piece of work a program does in a folder, with plain blocking calls, one after the other. */
export type Job = (input: JobInput) => Figures

/** Runs `step` and answers its time and rate for `count` operations. */
export function timed(count: number, step: () => void): Figures {
  const cpuBefore = process.cpuUsage()
  const startMs = performance.now()
  step()
  const seconds = (performance.now() - startMs) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  return { seconds, rate: count / seconds, cpu: (cpu.user + cpu.system) / 1e6 }
}

/** Runs `step` for 0 to `count`, and answers also the median and the 99th percentile of one, in milliseconds. */
export function timedEach(count: number, step: (index: number) => void): Figures {
  const tookMs = new Float64Array(count)
  const total = timed(count, () => {
    for (let index = 0; index < count; index++) {
      const startMs = performance.now()
      step(index)
      tookMs[index] = performance.now() - startMs
    }
  })
  tookMs.sort()
  const at = (part: number): number => tookMs[Math.min(count - 1, Math.floor(count * part))] ?? Number.NaN
  return { ...total, p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** Numbers below `limit` in an order without pattern, the same in each run. */
export function scattered(limit: number): () => number {
  let state = 12_345
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
