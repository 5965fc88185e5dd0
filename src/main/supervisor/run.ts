import { flushCompileCache } from 'node:module'
import fs from 'node:fs'
import os from 'node:os'
import type { World } from '#base'
import {
  controlDoorOf,
  DEFAULT_LISTEN,
  dataFolderOf,
  defaultMountsOf,
  type KeyspaceWords,
  listenAddressOf,
  masterKeyFileOf,
  type Surroundings,
} from '#rpc'
import { cloudOf, memberOf } from '../cloud-place.ts'
import { isDataFolder, openDataFolder } from '../data-folder.ts'
import { mainFault } from '../faults.ts'
import { despiteFullDisk } from '../full-disk.ts'
import { chooseKeyspace } from '../keyspace/choice.ts'
import { type MeshWish, type MeshWords, providerOf } from '../mesh/words.ts'
import { peerAddressOf } from '../peers/listen-words.ts'
import { cairnVersion } from '../version.ts'
import { banner, bannerJson } from './banner.ts'
import { Control } from './control.ts'
import { Etcd } from './etcd.ts'
import { takeInstance } from './instance.ts'
import { MeshKeeper } from './mesh.ts'
import { readMountTable, writeMountTable } from './mount-table.ts'
import { refuseOptions } from './member.ts'
import { mountTarget } from './mount-target.ts'
import { Mounts } from './mounts.ts'
import { endSignals } from './signals.ts'
import { type Requests, Storage } from './storage.ts'
import { mountWanted } from './wanted-mounts.ts'

/** What `cairn up` was told. */
export interface UpOptions {
  readonly data?: string | undefined
  /** Where `home` is mounted from now on; `false` mounts nothing this time. */
  readonly mount?: string | false | undefined
  /** Where the API listens, `HOST[:PORT]`; `none`: there is none this time. */
  readonly listen?: string | undefined
  /** What this machine is called in its cloud, from its first start on. */
  readonly name?: string | undefined
  readonly requiresClientCertificate: boolean
  /** Where other machines are listened for, `HOST[:PORT]` or `none`; undefined: at port 7443 of every address. */
  readonly peerListen?: string | undefined
  /** False: machines of the same network that look for a controller do not find this one. */
  readonly isDiscoverable?: boolean | undefined
  /** What people want of the mesh. */
  readonly mesh?: MeshWish | undefined
  /** Where the control plane is kept from now on. */
  readonly keyspace?: KeyspaceWords | undefined
  /** Tells one JSON document instead of lines for people. */
  readonly isJson: boolean
}

/**
 * Runs Cairn on this machine until a signal or `cairn down` ends it: takes the data folder, mounts, keeps a storage
 * process alive, unmounts, lets it close. Faults: AlreadyRunning, DataFolder, DataNewer, those of a mount that was
 * named, what the first storage process named.
 */
export async function runSupervisor(options: UpOptions, world: World): Promise<void> {
  const around: Surroundings = { env: process.env, isRoot: process.geteuid?.() === 0, home: os.homedir() }
  const wantedFolder = dataFolderOf(options.data, around)
  // A first start that is refused leaves nothing behind.
  if (typeof options.mount === 'string' && !isDataFolder(wantedFolder)) await mountTarget(options.mount, wantedFolder)
  const dataFolder = await openDataFolder(wantedFolder)
  await using stack = new AsyncDisposableStack()
  stack.use(await despiteFullDisk(dataFolder, world, () => takeInstance(dataFolder, world.disk)))
  const peerListen = options.peerListen ?? around.env['CAIRN_PEER_LISTEN'] ?? ''
  peerAddressOf(peerListen)
  const isDiscoverable = options.isDiscoverable ?? around.env['CAIRN_DISCOVERY'] !== 'none'
  const words = meshWordsOf(options.mesh ?? {}, around)
  providerOf(words)
  const node = memberOf(world.disk, dataFolder)
  refuseOptions(options, node)
  const signals = stack.use(endSignals())
  if (options.keyspace !== undefined) chooseKeyspace(dataFolder, options.keyspace)
  const etcd = node?.role === 'node' ? undefined : stack.use(new Etcd(dataFolder, world))
  const surrounded = { dataFolder, around, world, lookAtEtcd: () => etcd?.look() }
  const control = node?.role === 'node' ? withoutControl(dataFolder) : controlOf(options, surrounded)
  if (control !== undefined) stack.use(control)
  const mounts = new Mounts(dataFolder, world)
  stack.defer(() => mounts.dropAll()) // when the start fails in the middle
  const usual = defaultMountsOf(around)
  const outcomes = await mountWanted({ world, dataFolder, mounts, chosen: options.mount, usual })
  const mesh = stack.use(new MeshKeeper({ dataFolder, words }, world))
  const storage = await Storage.open(
    { dataFolder, mountsNothing: options.mount === false, peerListen, isDiscoverable, mesh: words },
    mounts,
    requestsOf({ dataFolder, mounts, signals, mesh, replace: () => storage.replace() }),
    world,
  )
  stack.use(storage)
  // Unmounting makes the kernel write back, so it comes before the storage process closes.
  stack.defer(() => mounts.unmountAll(signals.hurry))
  const api = await control?.untilReady()
  const tell = options.isJson ? bannerJson : banner
  const isJournal = process.env['JOURNAL_STREAM'] !== undefined
  const cloud = cloudOf(world.disk, dataFolder)
  process.stdout.write(tell({ version: cairnVersion(), dataFolder, cloud, mounts: outcomes, api, isJournal }))
  flushCompileCache() // it is written at the end of a process, and this one lives long
  await signals.end
  if (!options.isJson) process.stdout.write('Closing ...\n')
  await control?.[Symbol.asyncDispose]() // first: what it does may need the rest
}

interface Surrounded {
  readonly dataFolder: string
  readonly around: Surroundings
  readonly world: World
  readonly lookAtEtcd: () => void
}

function controlOf(options: UpOptions, { dataFolder, around, world, lookAtEtcd }: Surrounded): Control | undefined {
  const words = options.listen ?? around.env['CAIRN_LISTEN'] ?? ''
  if (words === 'none') return withoutControl(dataFolder)
  const address = words === '' ? DEFAULT_LISTEN : listenAddressOf(words)
  if (address === undefined) {
    throw mainFault('Invalid', `CAIRN_LISTEN: "${words}" is no address to listen on`, {
      hint: 'It must be HOST, HOST:PORT, [IPV6]:PORT or none.',
    })
  }
  const { requiresClientCertificate, name: nodeName } = options
  const masterKeyFile = masterKeyFileOf(around)
  const start = { dataFolder, ...address, masterKeyFile, nodeName, requiresClientCertificate }
  return new Control(start, world, lookAtEtcd)
}

// What is said in the environment holds where the command line says nothing.
function meshWordsOf({ provider, range, isResolvConf }: MeshWish, { env }: Surroundings): MeshWords {
  return {
    provider: provider ?? (env['CAIRN_MESH'] || 'wireguard'),
    range: range ?? env['CAIRN_MESH_RANGE'],
    isResolvConf: isResolvConf ?? env['CAIRN_MESH_RESOLV_CONF'] === '1',
  }
}

function withoutControl(dataFolder: string): undefined {
  fs.rmSync(controlDoorOf(dataFolder), { force: true }) // nobody answers there any more
}

interface Served {
  readonly dataFolder: string
  readonly mounts: Mounts
  readonly signals: { requestEnd(): void }
  readonly mesh: Pick<MeshKeeper, 'wanted'>
  replace(): void
}

function requestsOf({ dataFolder, mounts, signals, mesh, replace }: Served): Requests {
  const table = () => readMountTable(dataFolder) ?? []
  return {
    down: () => signals.requestEnd(),
    company: isAlone => mesh.wanted(!isAlone),
    async mount({ filesystem, path }, isMoved) {
      // Asked again because the first answer was lost with its storage process.
      const there = await mounts.at(path)
      if (there?.filesystem === filesystem) return there.path
      const mount = await (isMoved ? mounts.move({ filesystem, path }) : mounts.mount({ filesystem, path }))
      const others = table().filter(row => row.path !== mount.path && row.filesystem !== filesystem)
      writeMountTable(dataFolder, [...others, mount])
      setImmediate(replace) // behind the answer
      return mount.path
    },
    async unmount(path) {
      // One that is wanted at the next start, and is not there now, is forgotten.
      const isWaiting = (await mounts.at(path)) === undefined && table().some(row => row.path === path)
      const target = isWaiting ? path : await mounts.unmount(path)
      writeMountTable(
        dataFolder,
        table().filter(row => row.path !== target),
      )
      return target
    },
  }
}
