import type { Scenario } from '../scenario.ts'
import { pssBytes } from '../targets/processes.ts'
import { isCairn } from '../targets/target.ts'

/** A filesystem that grows to very many files: whether it slows down, and how long it takes to come back. */
export const growth: Scenario = {
  name: 'growth',
  only: ['cairn'],
  roundsMax: 1,
  leavesFiles: true,
  rows: [
    { id: 'growth-first', title: 'create, first tenth of many files', unit: '/s', better: 'higher' },
    { id: 'growth-ratio', title: 'last tenth against the first', unit: 'x', better: 'higher', goal: { atLeast: 0.7 } },
    { id: 'growth-mount', title: 'start with these files', unit: 's', better: 'lower' },
    { id: 'growth-recovery', title: 'start after a kill of all', unit: 's', better: 'lower' },
    { id: 'growth-memory', title: 'memory with these files, started', unit: 'MB', better: 'lower' },
  ],
  async run({ target, folder, sizes, signal, job, record }) {
    if (!isCairn(target)) return
    const grown = await job('growTree', { path: `${folder}/tree`, count: sizes.growthCount })
    record('growth-first', grown['first'])
    record('growth-ratio', grown['ratio'])
    record('growth-recovery', (await target.crash(signal)) / 1000)
    record('growth-mount', (await target.restart(signal)) / 1000)
    record('growth-memory', pssBytes(target.pids()) / 1e6)
  },
}
