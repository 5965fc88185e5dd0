import { setTimeout as delay } from 'node:timers/promises'
import type { Scenario, Turn } from '../scenario.ts'
import { pssBytes } from '../targets/processes.ts'

const MB = 1e6
const IDLE_MS = 3000
const SAMPLE_MS = 200

/** Memory of all processes that serve the target, shared pages divided (PSS). */
export const memory: Scenario = {
  name: 'memory',
  only: ['cairn', 'glusterfs', 'moosefs'],
  roundsMax: 1,
  rows: [
    { id: 'memory-idle', title: 'memory, idle', unit: 'MB', better: 'lower', goal: { atMost: 120 } },
    { id: 'memory-load', title: 'memory, most under load', unit: 'MB', better: 'lower', goal: { atMost: 300 } },
    { id: 'start', title: 'start until mounted', unit: 's', better: 'lower' },
  ],
  async run(turn) {
    const { target, folder, sizes, signal, job, record } = turn
    record('start', (await target.restart(signal)) / 1000)
    await delay(IDLE_MS, undefined, { signal })
    record('memory-idle', pssBytes(target.pids()) / MB)
    const load = Promise.all([
      job('writeLarge', { path: `${folder}/large`, bytes: sizes.largeBytes }),
      job('createFiles', { path: `${folder}/a`, count: sizes.fileCount, bytes: sizes.fileBytes }),
      job('createFilesSynced', { path: `${folder}/b`, count: sizes.fileCount, bytes: sizes.fileBytes }),
    ])
    record('memory-load', (await mostDuring(turn, load)) / MB)
  },
}

async function mostDuring({ target, signal }: Turn, work: Promise<unknown>): Promise<number> {
  let most = 0
  let isOver = false
  const over = work.finally(() => {
    isOver = true
  })
  over.catch(() => {}) // thrown below, after the last sample
  while (!isOver) {
    most = Math.max(most, pssBytes(target.pids()))
    await delay(SAMPLE_MS, undefined, { signal })
  }
  await over
  return most
}
