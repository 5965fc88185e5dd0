// Preloaded into a Cairn that is measured: how long its control process kept others waiting. SIGUSR2 has it told, and forgotten.
import { renameSync, writeFileSync } from 'node:fs'
import { blocksFile } from './blocks-file.ts'

const folder = process.env['CAIRN_BENCH_BLOCKS']
if (folder !== undefined && process.argv[2] === 'control') measure(blocksFile(folder))

// What the thread has worked between two turns of the event loop: other programs on the machine do not count.
function measure(file: string): void {
  let beforeMs = workedMs()
  let longestMs = 0
  const timer = setInterval(() => {
    const nowMs = workedMs()
    longestMs = Math.max(longestMs, nowMs - beforeMs)
    beforeMs = nowMs
  }, 1)
  timer.unref()
  process.on('SIGUSR2', () => {
    writeFileSync(`${file}.new`, String(longestMs))
    renameSync(`${file}.new`, file)
    longestMs = 0
    beforeMs = workedMs()
  })
}

function workedMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
