import type { Row } from '../scenario.ts'
import { busySeconds } from '../targets/processes.ts'
import type { LabMachines, MachineName } from './lab-machines.ts'
import type { LabTarget } from './lab-target.ts'

/** How much of everything is done. */
export interface LabSizes {
  readonly largeBytes: number
  readonly fileCount: number
  readonly syncCount: number
  /** Files of rows at 20 ms. */
  readonly farCount: number
  /** Of which copies are lost. */
  readonly repairBytes: number
}

export const LAB_FULL: LabSizes = {
  largeBytes: 512 << 20,
  fileCount: 2000,
  syncCount: 500,
  farCount: 200,
  repairBytes: 2 ** 30,
}
export const LAB_QUICK: LabSizes = {
  largeBytes: 32 << 20,
  fileCount: 200,
  syncCount: 50,
  farCount: 20,
  repairBytes: 64 << 20,
}

/** Written and read by each target before its large file is measured: threads start and code is compiled only once. */
export const WARM_BYTES = 64 << 20

/** What a scenario works with, on one target in one round. */
export interface LabTurn {
  readonly lab: LabMachines
  readonly target: LabTarget
  /** A name that no other turn has: for a folder. */
  readonly folder: string
  readonly sizes: LabSizes
  /** A tar of a real tree, on every machine. */
  readonly tar: string
  record(rowId: string, value: number | undefined): void
}

/** Rows that are measured in one go. */
export interface LabScenario {
  readonly name: string
  readonly rows: readonly Row[]
  run(turn: LabTurn): Promise<void>
}

const GIB = 2 ** 30
const AIM = { peers: 1 }
const [HOLDER, OTHER]: readonly [MachineName, MachineName] = ['m1', 'm3']

/** One large file, written on a machine that holds copies and on one that does not, and read on the other. */
const large: LabScenario = {
  name: 'large',
  rows: [
    { id: 'write-holder', title: 'sequential write + fsync, on a holder', unit: 'MiB/s', better: 'higher', goal: AIM },
    { id: 'read-other', title: 'cold read of it, elsewhere', unit: 'MiB/s', better: 'higher', goal: AIM },
    { id: 'write-other', title: 'sequential write + fsync, elsewhere', unit: 'MiB/s', better: 'higher', goal: AIM },
    { id: 'read-holder', title: 'cold read of it, on a holder', unit: 'MiB/s', better: 'higher', goal: AIM },
    { id: 'cpu-write-holder', title: 'processors per GiB written, on a holder', unit: 's', better: 'lower' },
    { id: 'cpu-read-other', title: 'processors per GiB read, elsewhere', unit: 's', better: 'lower' },
    { id: 'cpu-write-other', title: 'processors per GiB written, elsewhere', unit: 's', better: 'lower' },
    { id: 'cpu-read-holder', title: 'processors per GiB read, on a holder', unit: 's', better: 'lower' },
  ],
  async run({ lab, target, folder, sizes, record }) {
    const other = target.machines.includes(OTHER) ? OTHER : HOLDER
    const measure = async (bytes: number, tell: LabTurn['record']): Promise<void> => {
      const one = async (row: string, machine: MachineName, job: 'readLarge' | 'writeLarge', name: string) => {
        const before = busySeconds()
        tell(row, (await lab.job(machine, job, { path: `${folder}/${name}-${bytes}`, bytes }))['rate'])
        tell(`cpu-${row}`, ((busySeconds() - before) * GIB) / bytes)
      }
      await one('write-holder', HOLDER, 'writeLarge', 'a')
      await lab.chill()
      await one('read-other', other, 'readLarge', 'a')
      await one('write-other', other, 'writeLarge', 'b')
      await lab.chill()
      await one('read-holder', HOLDER, 'readLarge', 'b')
    }
    await measure(WARM_BYTES, () => undefined)
    await measure(sizes.largeBytes, record)
  },
}

/** Thousands of small files, from a machine that holds no copies. */
const small: LabScenario = {
  name: 'small',
  rows: [
    { id: 'create', title: 'create, write 4 KiB, close, elsewhere', unit: '/s', better: 'higher', goal: AIM },
    { id: 'create-synced', title: 'the same with fsync', unit: '/s', better: 'higher', goal: AIM },
    { id: 'stat-hot', title: 'stat again, elsewhere', unit: '/s', better: 'higher', goal: AIM },
    { id: 'stat-local', title: 'stat again, on the home', unit: '/s', better: 'higher' },
    { id: 'stat-cold', title: 'first stat of files made on a holder', unit: '/s', better: 'higher', goal: AIM },
    { id: 'small-read', title: 'first read of them', unit: '/s', better: 'higher', goal: AIM },
    { id: 'untar', title: 'untar of a real tree, elsewhere', unit: 's', better: 'lower', goal: AIM },
  ],
  async run({ lab, target, folder, sizes, tar, record }) {
    const other = target.machines.includes(OTHER) ? OTHER : HOLDER
    const input = (name: string, count = sizes.fileCount) => ({ path: `${folder}/${name}`, count, bytes: 4096 })
    record('create', (await lab.job(other, 'createFiles', input('there')))['rate'])
    await target.keepNames?.(true)
    record('create-synced', (await lab.job(other, 'createFilesSynced', input('synced', sizes.syncCount)))['rate'])
    await target.keepNames?.(false)
    await lab.job(other, 'statFiles', input('there'))
    record('stat-hot', (await lab.job(other, 'statFiles', input('there')))['rate'])
    await lab.job(HOLDER, 'createFiles', input('here'))
    await lab.job(HOLDER, 'statFiles', input('here'))
    record('stat-local', (await lab.job(HOLDER, 'statFiles', input('here')))['rate'])
    await lab.chill()
    record('stat-cold', (await lab.job(other, 'statFiles', input('here')))['rate'])
    record('small-read', (await lab.job(other, 'readFiles', input('here')))['rate'])
    record('untar', await lab.time(other, `tar --no-same-owner -xf ${tar} -C ${folder}`))
  },
}

/** Names from a machine that is 20 ms away. */
const far: LabScenario = {
  name: 'far',
  rows: [
    { id: 'far-create', title: 'create, write 4 KiB, close, 20 ms away', unit: '/s', better: 'higher', goal: AIM },
    { id: 'far-stat', title: 'first stat, 20 ms away', unit: '/s', better: 'higher', goal: AIM },
    { id: 'far-stat-hot', title: 'stat again, 20 ms away', unit: '/s', better: 'higher', goal: AIM },
  ],
  async run({ lab, target, folder, sizes, record }) {
    if (!target.machines.includes(OTHER)) return
    const input = (name: string) => ({ path: `${folder}/${name}`, count: sizes.farCount, bytes: 4096 })
    await lab.job(HOLDER, 'createFiles', input('here'))
    await lab.slow(OTHER, '20ms')
    try {
      record('far-create', (await lab.job(OTHER, 'createFiles', input('there')))['rate'])
      record('far-stat', (await lab.job(OTHER, 'statFiles', input('here')))['rate'])
      record('far-stat-hot', (await lab.job(OTHER, 'statFiles', input('here')))['rate'])
    } finally {
      await lab.slow(OTHER, '0ms')
    }
  },
}

/** All of them, in order. */
export const labScenarios: readonly LabScenario[] = [large, small, far]
