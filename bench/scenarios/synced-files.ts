import type { Scenario } from '../scenario.ts'

/** Small files and database rows that are synced one by one. */
export const syncedFiles: Scenario = {
  name: 'synced-files',
  rows: [
    {
      id: 'create-fsync',
      title: 'create, write 4 KiB, fsync, close',
      unit: '/s',
      better: 'higher',
      goal: { peers: 1 },
      fsync: 'create',
    },
    { id: 'create-fsync-p50', title: 'one of these, median', unit: 'ms', better: 'lower', fsync: 'create' },
    { id: 'create-fsync-p99', title: 'one of these, 99 %', unit: 'ms', better: 'lower', fsync: 'create' },
    { id: 'sqlite', title: 'SQLite inserts, WAL, synchronous=FULL', unit: '/s', better: 'higher', fsync: 'rewrite' },
  ],
  async run({ folder, sizes, job, record }) {
    const input = { path: `${folder}/files`, count: sizes.syncCount, bytes: sizes.fileBytes }
    const created = await job('createFilesSynced', input)
    record('create-fsync', created['rate'])
    record('create-fsync-p50', created['p50Ms'])
    record('create-fsync-p99', created['p99Ms'])
    record('sqlite', (await job('insertRows', { path: `${folder}/database`, count: sizes.syncCount }))['rate'])
  },
}
