import type { Figures } from '../jobs/job.ts'
import type { Scenario, Turn } from '../scenario.ts'
import { cpuSeconds } from '../targets/processes.ts'

const GIB = 2 ** 30

/** One large file: written, read cold and again, read and rewritten at random, copied. */
export const largeFile: Scenario = {
  name: 'large-file',
  rows: [
    {
      id: 'seq-write',
      title: 'sequential write + fsync',
      unit: 'MiB/s',
      better: 'higher',
      // Compared with every peer: one that leaves the last part of the file unwritten gains little.
      goal: { peers: 1, aimDisk: 0.9 },
    },
    {
      id: 'seq-read-cold',
      title: 'cold sequential read',
      unit: 'MiB/s',
      better: 'higher',
      goal: { peers: 1.5, aimDisk: 0.5 },
    },
    { id: 'seq-reread', title: 'cached re-read', unit: 'MiB/s', better: 'higher', goal: { disk: 0.9 } },
    { id: 'rand-read-cold', title: 'cold 4 KiB random read', unit: '/s', better: 'higher', goal: { peers: 1.5 } },
    {
      id: 'rand-write-fsync',
      title: '4 KiB random write + fsync',
      unit: '/s',
      better: 'higher',
      goal: { peers: 1.5 },
      fsync: 'rewrite',
    },
    { id: 'rand-write-p50', title: '4 KiB write + fsync, median', unit: 'ms', better: 'lower', fsync: 'rewrite' },
    { id: 'rand-write-p99', title: '4 KiB write + fsync, 99 %', unit: 'ms', better: 'lower', fsync: 'rewrite' },
    { id: 'copy', title: 'copy of the large file (cp)', unit: 's', better: 'lower', goal: { atMost: 0.1 } },
    { id: 'copy-rewritten', title: 'copy right after the random writes', unit: 's', better: 'lower' },
    { id: 'cpu-write', title: 'processor per GiB written', unit: 's', better: 'lower' },
    { id: 'cpu-read', title: 'processor per GiB read cold', unit: 's', better: 'lower' },
  ],
  async run(turn) {
    const { sizes, record } = turn
    const input = { path: `${turn.folder}/large`, bytes: sizes.largeBytes, count: sizes.randomCount }
    const write = await withProcessor(turn, () => turn.job('writeLarge', input))
    record('seq-write', write.figures['rate'])
    record('cpu-write', (write.cpu * GIB) / sizes.largeBytes)
    await turn.chill()
    const read = await withProcessor(turn, () => turn.job('readLarge', input))
    record('seq-read-cold', read.figures['rate'])
    record('cpu-read', (read.cpu * GIB) / sizes.largeBytes)
    record('seq-reread', (await turn.job('readLarge', input))['rate'])
    await turn.chill()
    record('rand-read-cold', (await turn.job('readRandom', input))['rate'])
    record('copy', await turn.command(['cp', input.path, `${turn.folder}/copy`]))
    const rewrite = await turn.job('writeRandomSynced', input)
    record('rand-write-fsync', rewrite['rate'])
    record('rand-write-p50', rewrite['p50Ms'])
    record('rand-write-p99', rewrite['p99Ms'])
    record('copy-rewritten', await turn.command(['cp', input.path, `${turn.folder}/copy-rewritten`]))
  },
}

/** Processor seconds of the program and of the processes that serve it. */
async function withProcessor(
  { target }: Turn,
  step: () => Promise<Figures>,
): Promise<{ readonly figures: Figures; readonly cpu: number }> {
  const before = cpuSeconds(target.pids())
  const figures = await step()
  return { figures, cpu: cpuSeconds(target.pids()) - before + (figures['cpu'] ?? 0) }
}
