import fs from 'node:fs'
import os from 'node:os'

/** What a machine has and uses of processors and memory. */
export interface Load {
  readonly cpus: number
  readonly memoryMiB: number
  readonly cpuUsedMilli: number
  readonly memoryUsedMiB: number
}

/** Measures the load of this machine; of its container, where it is one. The first measure has no processor time yet. */
export class LoadMeter {
  readonly #isContainer = CONTAINER_MARKS.some(mark => fs.existsSync(mark))
  #last: { readonly busyMs: number; readonly atMs: number } | undefined

  /** The load since the measure before. */
  measure(): Load {
    const busyMs = (this.#isContainer ? containerBusyMs() : undefined) ?? machineBusyMs()
    const atMs = performance.now()
    const last = this.#last
    this.#last = { busyMs, atMs }
    const passedMs = last === undefined ? 0 : atMs - last.atMs
    const cpuUsedMilli = last === undefined || passedMs <= 0 ? 0 : (1000 * (busyMs - last.busyMs)) / passedMs
    const memory = (this.#isContainer ? containerMemory() : undefined) ?? machineMemory()
    return {
      cpus: this.#cpus(),
      cpuUsedMilli: Math.max(0, Math.round(cpuUsedMilli)),
      memoryMiB: Math.round(memory.totalBytes / MIB),
      memoryUsedMiB: Math.round(memory.usedBytes / MIB),
    }
  }

  #cpus(): number {
    const all = os.availableParallelism()
    if (!this.#isContainer) return all
    const [quota, period] = firstNumbers(CPU_MAX) ?? []
    if (quota === undefined || period === undefined || quota <= 0 || period <= 0) return all
    return Math.max(1, Math.min(all, Math.ceil(quota / period)))
  }
}

const MIB = 1024 * 1024
const CONTAINER_MARKS = ['/run/.containerenv', '/.dockerenv']
const CGROUPS = '/sys/fs/cgroup'

// cgroups(7): version 2 first, then 1, where a container sees its own group at the root.
const CPU_MAX = [[`${CGROUPS}/cpu.max`], [`${CGROUPS}/cpu/cpu.cfs_quota_us`, `${CGROUPS}/cpu/cpu.cfs_period_us`]]
const CPU_USAGE = [
  { file: `${CGROUPS}/cpu.stat`, form: /^usage_usec (\d+)$/m, perMs: 1e3 },
  { file: `${CGROUPS}/cpuacct/cpuacct.usage`, form: /^(\d+)$/m, perMs: 1e6 },
]
const MEMORY = [
  { folder: CGROUPS, used: 'memory.current', max: 'memory.max', cached: /^inactive_file (\d+)$/m },
  {
    folder: `${CGROUPS}/memory`,
    used: 'memory.usage_in_bytes',
    max: 'memory.limit_in_bytes',
    cached: /^total_inactive_file (\d+)$/m,
  },
]

function containerBusyMs(): number | undefined {
  for (const { file, form, perMs } of CPU_USAGE) {
    const found = form.exec(textOf(file))?.[1]
    if (found !== undefined) return Number(found) / perMs
  }
  return undefined
}

function machineBusyMs(): number {
  return os.cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
}

function containerMemory(): { readonly totalBytes: number; readonly usedBytes: number } | undefined {
  for (const { folder, used, max, cached } of MEMORY) {
    const usedText = textOf(`${folder}/${used}`)
    if (usedText === '') continue
    const limit = Number(textOf(`${folder}/${max}`)) // "max" is no number
    const totalBytes = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem()
    const cachedBytes = Number(cached.exec(textOf(`${folder}/memory.stat`))?.[1] ?? 0)
    return { totalBytes, usedBytes: Math.max(0, Number(usedText) - cachedBytes) }
  }
  return undefined
}

function machineMemory() {
  const totalBytes = os.totalmem()
  return { totalBytes, usedBytes: totalBytes - os.freemem() }
}

function firstNumbers(choices: readonly (readonly string[])[]): readonly number[] | undefined {
  for (const files of choices) {
    const text = files.map(textOf).join(' ').trim()
    if (text !== '') return text.split(/\s+/).map(Number)
  }
  return undefined
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return '' // this kernel, or this container, has it elsewhere
  }
}
