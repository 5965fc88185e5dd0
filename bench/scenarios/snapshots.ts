import { appendFile } from 'node:fs/promises'
import type { Scenario } from '../scenario.ts'
import { isCairn } from '../targets/target.ts'

/** What a snapshot costs, with the start of the `cairn` command, against what changed since the last one. */
export const snapshots: Scenario = {
  name: 'snapshots',
  only: ['cairn'],
  roundsMax: 1,
  rows: [
    { id: 'snapshot-first', title: 'first snapshot of some files', unit: 's', better: 'lower' },
    { id: 'snapshot-change', title: 'snapshot after one change', unit: 's', better: 'lower' },
    { id: 'snapshot-change-10', title: 'the same with ten times the files', unit: 's', better: 'lower' },
  ],
  async run({ target, folder, sizes, signal, job, record }) {
    if (!isCairn(target)) return
    const [few, many] = sizes.snapshotCounts
    const take = async (name: string): Promise<number> => {
      const startMs = performance.now()
      await target.command(['fs', 'snapshot', 'create', 'home', name], signal)
      return (performance.now() - startMs) / 1000
    }
    await job('createFiles', { path: `${folder}/few`, count: few, bytes: sizes.fileBytes })
    record('snapshot-first', await take('first'))
    await appendFile(`${folder}/few/file-0`, 'changed')
    record('snapshot-change', await take('second'))
    await job('createFiles', { path: `${folder}/many`, count: many - few, bytes: sizes.fileBytes })
    await take('third')
    await appendFile(`${folder}/many/file-0`, 'changed')
    record('snapshot-change-10', await take('fourth'))
  },
}
