import type { Scenario } from '../scenario.ts'

/** Thousands of small files in one folder. */
export const smallFiles: Scenario = {
  name: 'small-files',
  rows: [
    { id: 'create', title: 'create, write 4 KiB, close', unit: '/s', better: 'higher', goal: { peers: 3 } },
    { id: 'stat-cold', title: 'cold stat', unit: '/s', better: 'higher', goal: { peers: 1.5 } },
    { id: 'stat-hot', title: 'the same again', unit: '/s', better: 'higher' },
    { id: 'scan-cold', title: 'cold scandir + stat', unit: '/s', better: 'higher', goal: { peers: 1 } },
    { id: 'small-read-cold', title: 'cold read of small files', unit: '/s', better: 'higher', goal: { peers: 1.5 } },
    { id: 'unlink', title: 'unlink', unit: '/s', better: 'higher', goal: { peers: 1.5 } },
  ],
  async run(turn) {
    const { sizes, record } = turn
    const input = { path: `${turn.folder}/files`, count: sizes.fileCount, bytes: sizes.fileBytes }
    record('create', (await turn.job('createFiles', input))['rate'])
    await turn.chill()
    record('stat-cold', (await turn.job('statFiles', input))['rate'])
    record('stat-hot', (await turn.job('statFiles', input))['rate'])
    await turn.chill()
    record('scan-cold', (await turn.job('scanFiles', input))['rate'])
    await turn.chill()
    record('small-read-cold', (await turn.job('readFiles', input))['rate'])
    record('unlink', (await turn.job('unlinkFiles', input))['rate'])
  },
}
