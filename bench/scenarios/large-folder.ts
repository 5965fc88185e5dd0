import type { Scenario } from '../scenario.ts'

/** A folder with very many names. */
export const largeFolder: Scenario = {
  name: 'large-folder',
  roundsMax: 1,
  rows: [
    { id: 'list-cold', title: 'cold list of a large folder', unit: 'names/s', better: 'higher' },
    { id: 'list-hot', title: 'the same again', unit: 'names/s', better: 'higher' },
  ],
  async run({ folder, sizes, job, chill, record }) {
    const input = { path: `${folder}/files`, count: sizes.listedCount, bytes: 0 }
    await job('createFiles', input)
    await chill()
    record('list-cold', (await job('listFolder', input))['rate'])
    record('list-hot', (await job('listFolder', input))['rate'])
  },
}
