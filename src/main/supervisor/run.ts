import { flushCompileCache } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { type Fault, isFault, type World } from '#base'
import { dataFolderOf, defaultMountOf, type Surroundings } from '#rpc'
import { openDataFolder } from '../data-folder.ts'
import { cairnVersion } from '../version.ts'
import { banner } from './banner.ts'
import { takeInstance } from './instance.ts'
import { type WantedMount, readMountTable, writeMountTable } from './mount-table.ts'
import { Mounts } from './mounts.ts'
import { endSignals } from './signals.ts'
import { type Requests, Storage } from './storage.ts'

/** What `cairn up` was told. */
export interface UpOptions {
  readonly data?: string | undefined
  /** Where `home` is mounted from now on; `false` mounts nothing this time. */
  readonly mount?: string | false | undefined
}

/**
 * Runs Cairn on this machine until a signal or `cairn down` ends it: takes the data folder, mounts, keeps a storage
 * process alive, unmounts, lets it close. Faults: AlreadyRunning, DataFolder, DataNewer, what the first storage process
 * named.
 */
export async function runSupervisor(options: UpOptions, world: World): Promise<void> {
  const around: Surroundings = { env: process.env, isRoot: process.geteuid?.() === 0, home: os.homedir() }
  const dataFolder = openDataFolder(dataFolderOf(options.data, around))
  await using stack = new AsyncDisposableStack()
  stack.use(takeInstance(dataFolder, world.disk))
  const signals = stack.use(endSignals())
  const mounts = new Mounts(world)
  stack.defer(() => mounts.unmountAll(signals.hurry)) // when the start fails in the middle
  const table = wantedMounts(dataFolder, options, around)
  const mountFault = await mountAll(options.mount === false ? [] : table, mounts)
  const storage = await Storage.open(
    dataFolder,
    mounts,
    requestsOf({ dataFolder, mounts, signals, replace: () => storage.replace() }),
    world,
  )
  stack.use(storage)
  // Unmounting makes the kernel write back, so it comes before the storage process closes.
  stack.defer(() => mounts.unmountAll(signals.hurry))
  const shown = table.filter(mount => mounts.paths.includes(mount.path))
  process.stdout.write(banner({ version: cairnVersion(), dataFolder, mounts: shown, mountFault }))
  flushCompileCache() // it is written at the end of a process, and this one lives long
  await signals.end
  process.stdout.write('Closing ...\n')
}

function wantedMounts(dataFolder: string, options: UpOptions, around: Surroundings): readonly WantedMount[] {
  const known = readMountTable(dataFolder)
  const chosen = typeof options.mount === 'string' ? path.resolve(options.mount) : undefined
  const usual = [{ filesystem: 'home', path: chosen ?? defaultMountOf(around) }]
  if (known !== undefined && chosen === undefined) return known
  const others = (known ?? []).filter(mount => mount.filesystem !== 'home' && mount.path !== chosen)
  const table = [...usual, ...others]
  writeMountTable(dataFolder, table)
  return table
}

/** Mounts what it can; answers the fault of the first mount that could not be. */
async function mountAll(wanted: readonly WantedMount[], mounts: Mounts): Promise<Fault | undefined> {
  let first: Fault | undefined
  for (const mount of wanted) {
    try {
      await mounts.mount(mount)
    } catch (error) {
      if (!isFault(error)) throw error
      first ??= error
    }
  }
  return first
}

interface Served {
  readonly dataFolder: string
  readonly mounts: Mounts
  readonly signals: { requestEnd(): void }
  replace(): void
}

function requestsOf({ dataFolder, mounts, signals, replace }: Served): Requests {
  const table = () => readMountTable(dataFolder) ?? []
  return {
    down: () => signals.requestEnd(),
    async mount(filesystem, target) {
      await mounts.mount({ filesystem, path: target })
      writeMountTable(dataFolder, [...table().filter(row => row.path !== target), { filesystem, path: target }])
      setImmediate(replace) // behind the answer
    },
    async unmount(target) {
      await mounts.unmount(target)
      writeMountTable(
        dataFolder,
        table().filter(row => row.path !== target),
      )
    },
  }
}
