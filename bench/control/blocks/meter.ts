// Preloaded into a Cairn that is measured: how long its control process kept others waiting. SIGUSR2 has it told, and forgotten.
import { renameSync, writeFileSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { type Blocks, blocksFile } from './blocks-file.ts'

interface Turn {
  readonly beganMs: number
  readonly endedMs: number
  readonly workedMs: number
}

const folder = process.env['CAIRN_BENCH_BLOCKS']
if (folder !== undefined && process.argv[2] === 'control') measure(blocksFile(folder))

function measure(file: string): void {
  let turns: Turn[] = []
  let collections: { readonly beganMs: number; readonly endedMs: number }[] = []
  let before = now()
  const observer = new PerformanceObserver(list => list.getEntries().forEach(collected))
  const collected = ({ startTime, duration }: { readonly startTime: number; readonly duration: number }): void => {
    collections.push({ beganMs: startTime, endedMs: startTime + duration })
  }
  observer.observe({ entryTypes: ['gc'] })
  const timer = setInterval(() => {
    const at = now()
    const workedMs = at.workedMs - before.workedMs
    if (workedMs > TOLD_MS_MIN) turns.push({ beganMs: before.ms, endedMs: at.ms, workedMs })
    before = at
  }, 1)
  timer.unref()
  process.on('SIGUSR2', () => {
    observer.takeRecords().forEach(collected)
    const workMs = turns.map(turn => {
      const collectingMs = collections.reduce((sum, { beganMs, endedMs }) => {
        return sum + Math.max(0, Math.min(endedMs, turn.endedMs) - Math.max(beganMs, turn.beganMs))
      }, 0)
      const ms = turn.endedMs - turn.beganMs
      // Other programs have had the processor for as much of the collections as of the whole turn.
      return ((ms - collectingMs) * Math.min(turn.workedMs, ms)) / ms
    })
    const blocks: Blocks = {
      workMs: Math.max(0, ...workMs),
      collectionMs: Math.max(0, ...collections.map(({ beganMs, endedMs }) => endedMs - beganMs)),
    }
    writeFileSync(`${file}.new`, JSON.stringify(blocks))
    renameSync(`${file}.new`, file)
    ;[turns, collections, before] = [[], [], now()]
  })
}

// What the thread has worked: other programs on the machine do not count.
function now(): { readonly ms: number; readonly workedMs: number } {
  // Asked for the whole process, the kernel counts the thread up to now, and not up to its last tick (kernel/sched/cputime.c).
  process.cpuUsage()
  const { user, system } = process.threadCpuUsage()
  return { ms: performance.now(), workedMs: (user + system) / 1000 }
}

const TOLD_MS_MIN = 1
