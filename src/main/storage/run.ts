import { flushCompileCache } from 'node:module'
import { isFault, type World, whyOf } from '#base'
import type { Machines } from '#cluster'
import { doorOf, faultHead, type Handler, listenSocket } from '#rpc'
import { threadWorkers } from '#storage/chunks'
import type { ChunkSource, Ino } from '#storage/fs'
import { openPool, type Pool, poolHandlers } from '#storage/pool'
import { closedFolder } from '../closed-folder.ts'
import { DiskKeeper } from '../disks/disk-keeper.ts'
import { thisMachine } from '../disks/machine.ts'
import { MachineDisks } from '../disks/machine-disks.ts'
import { mainFault } from '../faults.ts'
import { despiteFullDisk, keepReserve } from '../full-disk.ts'
import { ANSWER_FIRST_MS, HASH_THREADS, LEAVING_MS } from '../limits.ts'
import type { Negotiated, Start } from '../messages.ts'
import { spaceCheck } from '../methods/health.ts'
import { handlersOf, ordersOfOthers } from '../methods/index.ts'
import type { Parts } from '../methods/parts.ts'
import { askSetHome, keepHomeAt } from '../peers/homes.ts'
import { Peers } from '../peers/peers.ts'
import { waitForLock } from '../process-lock.ts'
import { keepMemorySpare, leaveThreadsTheirLimits, ownMemory } from '../spare-memory.ts'
import { remoteHandlers } from '../remote-fs/handlers.ts'
import { RemoteFilesystems } from '../remote-fs/remote-filesystems.ts'
import type { SetHome } from '../replication/records.ts'
import { Replication } from '../replication/replication.ts'
import { MeshDesk } from '../mesh/desk.ts'
import { softwareName } from '../version.ts'
import { Collector } from './collector.ts'
import { bootId, Filesystems, type FilesystemsHomes, isElsewhere } from './filesystems.ts'
import { IdsFile } from './ids-file.ts'
import { openSupervisorLink, type SupervisorLink } from './link.ts'
import { limitOrphan } from './orphan.ts'
import { homesHere, otherRoots, rootsHandlers } from './roots.ts'
import { servedHomes } from './served-homes.ts'
import { Sessions } from './sessions.ts'
import { Unheld } from './unheld.ts'

/**
 * The storage process: opens the chunk store and the filesystems of a data folder, serves the inherited mounts and the
 * local door, and closes in reverse order when told, by SIGTERM, or when its supervisor is gone.
 */
export async function runStorage(world: World): Promise<void> {
  process.umask(0o077) // SQLite makes its files as open as this lets it
  leaveThreadsTheirLimits()
  const link = openSupervisorLink()
  const start = await link.start
  using _limit = limitOrphan(link.gone, world, () => process.exit(1))
  try {
    const stopped = new AbortController()
    const broken = Promise.withResolvers<void>()
    const failed = (filesystem: string, error: Error) => {
      world.log.warn('a filesystem failed: the storage process starts anew', { filesystem, error: error.message })
      process.exitCode = 1
      broken.resolve()
    }
    const { dataFolder } = start
    await using _open = await despiteFullDisk(dataFolder, world, () => openAll(start, link, world, failed))
    keepReserve(dataFolder, world)
    link.tell({ kind: 'ready' })
    void keepMemorySpare(ownMemory, world.clock, stopped.signal)
    flushCompileCache() // it is written at the end of a process, and this one lives long
    // After a failed disk only a process that opens everything anew can go on: the supervisor starts it.
    await Promise.race([link.stop, broken.promise])
    stopped.abort()
  } catch (thrown) {
    const error = closedFolder(start.dataFolder, thrown)
    if (!isFault(error)) world.log.warn('the storage process broke', { error: whyOf(error) })
    link.tell({ kind: 'failed', fault: faultHead(error) })
    process.exitCode = 1
  }
  // The channel keeps the process alive: what was told is on its way when this returns.
  if (process.connected) process.disconnect()
}

/** The pool that filesystems name in their superblocks. */
const POOL = 'default'

async function openAll(
  start: Start,
  link: SupervisorLink,
  world: World,
  failed: (filesystem: string, error: Error) => void,
): Promise<AsyncDisposable> {
  const { dataFolder, mounts } = start
  await using opening = new AsyncDisposableStack()
  const hint = 'Look for it with `ps ax | grep cairn` and end it.'
  const fault = (message: string) => mainFault('StorageProcess', message, { hint })
  opening.use(await waitForLock({ file: `${dataFolder}/storage.lock`, stop: link.stop, fault }, world))
  const held: Held = {}
  const leave = leaving(held, link, world)
  const { disks, peers, machines } = await openDisks(start, world, opening, leave)
  held.machines = machines
  const chunks = disks.store
  const desk = new MeshDesk({ world, machines, words: start.mesh, report: report => peers.tellMesh(report) })
  const mounted = new Set(mounts.filter(mount => mount.resumed).map(mount => mount.filesystem))
  const pool = opening.use(openPool({ id: POOL, world, store: chunks, machines: peers.machines }))
  const changed = (filesystem: string) => {
    leave('another storage process takes over, for the home of a filesystem is another', { filesystem })
  }
  const setHome = setHomeFrom(dataFolder, world, machines)
  const parts = { world, dataFolder, machines, chunks: pool, bootId: bootId(), setHome, changed }
  const replication = opening.use(new Replication(parts))
  peers.tellLacks(() => replication.lacks)
  const orders = ordersOfOthers()
  // Before filesystems are opened: they may need what other machines hold.
  await peers.serve([
    ...remoteHandlers(servedHomes(() => held.filesystems, peers, replication)),
    ...poolHandlers(id => (id === POOL ? pool : undefined)),
    ...rootsHandlers(
      () => held.filesystems,
      pool,
      () => homesHere(held.filesystems, replication),
    ),
    ...desk.machineMethods(),
    ...orders.home.handlers(),
    ...orders.machine.handlers(),
    ...replication.handlers(),
  ])
  const company = () => link.tell({ kind: 'company', isAlone: machines.map.machines.length < 2 })
  opening.use(machines.onMap(company))
  company()
  const told = async (filesystem: string) => held.sessions?.told(filesystem)
  const homes = await replication.begin()
  const elsewhere = remoteFilesystems({ start, world, chunks: pool, machines: peers.machines, homes, told })
  if (elsewhere !== undefined) held.elsewhere = opening.use(elsewhere)
  const mayHold = (filesystem: string, ino: Ino) => held.sessions?.mayHold(filesystem, ino) ?? mounted.has(filesystem)
  const filesystems = opening.use(
    await Filesystems.open({ world, dataFolder, chunks: pool, mounted, elsewhere, homes, mayHold, told, failed }),
  )
  held.filesystems = filesystems
  replication.serve(filesystems)
  const ids = new IdsFile(world.disk, dataFolder)
  const agreed = (path: string, negotiated: Negotiated) => link.tell({ kind: 'serving', path, negotiated })
  const sessions = opening.use(await Sessions.open({ mounts, filesystems, world, ids, agreed }))
  held.sessions = sessions
  const upkeep = openUpkeep({ world, disks, pool, filesystems, peers, replication }, opening)
  const openedMs = world.clock.monotonicMs()
  const open = { chunks, pool, disks, filesystems, sessions, ...upkeep, peers, replication, desk, openedMs }
  const handlers = handlersOf({ start, link, world, ...open }, orders)
  opening.use(await openDoor(dataFolder, world, handlers))
  for (const each of [pool, filesystems]) opening.defer(() => each.hurry())
  return opening.move()
}

type UpkeepParts = Pick<Parts, 'world' | 'disks' | 'filesystems' | 'peers'> & {
  readonly pool: Pool
  readonly replication: Replication
}

// What looks after disks and chunks while all is open.
function openUpkeep(
  parts: UpkeepParts,
  opening: AsyncDisposableStack,
): Pick<Parts, 'diskKeeper' | 'collector' | 'unheld'> {
  const { world, disks, pool, filesystems, peers, replication } = parts
  disks.stayBehind(pool)
  const others = otherRoots(peers.machines, () => homesHere(filesystems, replication))
  return {
    diskKeeper: opening.use(new DiskKeeper({ world, disks, returned: () => pool.compare() })),
    collector: opening.use(new Collector({ world, chunks: disks.store, filesystems, others })),
    unheld: opening.use(new Unheld({ world, pool, filesystems })),
  }
}

/** What is open, as soon as it is. */
interface Held {
  machines?: Pick<Machines, 'states'>
  sessions?: Sessions
  filesystems?: Filesystems
  elsewhere?: RemoteFilesystems
}

// This machine is to be something else, for a filesystem or without a disk: only a process that opens everything anew can be.
function leaving(held: Held, link: SupervisorLink, { clock, log }: World): Leave {
  return (why, fields) => {
    log.info(why, fields)
    held.filesystems?.leave()
    held.elsewhere?.leave()
    // Who asked for it is answered first.
    const silent = () =>
      (held.machines?.states() ?? []).flatMap(({ name, state }) => (state === 'Online' ? [] : [name]))
    void clock.sleep(ANSWER_FIRST_MS, NEVER).then(() => link.tell({ kind: 'again', silent: silent() }))
    // What waits for a home that is no more would hold it for a minute; all that was answered is in log and staging file.
    setTimeout(() => process.exit(0), LEAVING_MS).unref()
  }
}

type Leave = (why: string, fields: Readonly<Record<string, unknown>>) => void

function setHomeFrom(dataFolder: string, { clock }: World, machines: Machines): SetHome {
  const keep = keepHomeAt({ clock, software: softwareName(), dataFolder })
  return (change, signal) => askSetHome(machines, keep, change, signal)
}

function openDoor(dataFolder: string, { clock, log }: World, handlers: readonly Handler[]) {
  return listenSocket(doorOf(dataFolder), { clock, log, software: softwareName(), handlers })
}

// The disks of this machine, and what tells other machines of them.
async function openDisks(start: Start, world: World, opening: AsyncDisposableStack, leave: Leave) {
  const { dataFolder, peerListen: listen, isDiscoverable, silent } = start
  const workers = opening.use(threadWorkers(HASH_THREADS))
  const failed = (disk: string) => leave('another storage process takes over, without a disk that fails', { disk })
  const disks = opening.use(await MachineDisks.open({ world, dataFolder, workers, failed, machine: thisMachine }))
  const room = spaceCheck(disks.store.space())
  if (room.state === 'fail') world.log.warn(`${room.name}: ${room.detail}. ${room.remedy}`)
  const reports = () => disks.reports
  const peers = opening.use(await Peers.open({ world, dataFolder, listen, isDiscoverable, disks: reports, silent }))
  return { disks, peers, machines: peers.machines }
}

// What is used here and lives on other machines.
function remoteFilesystems(parts: {
  readonly start: Start
  readonly world: World
  readonly chunks: ChunkSource
  readonly machines: Machines
  readonly homes: FilesystemsHomes
  told(filesystem: string): Promise<void>
}): RemoteFilesystems | undefined {
  const { start, homes, ...rest } = parts
  const { dataFolder, mounts } = start
  if (!rest.machines.map.isShared) return undefined
  const mounted = new Set(mounts.filter(mount => mount.resumed).map(mount => mount.filesystem))
  const wanted = new Set(['home', ...mounts.map(mount => mount.filesystem)])
  const names = [...wanted].filter(name => isElsewhere(homes, name))
  const { homeOf, onHomes, leftBehind, standIn } = homes
  return new RemoteFilesystems({
    ...rest,
    dataFolder,
    bootId: bootId(),
    mounted,
    names,
    homeOf,
    onHomes,
    leftBehind,
    standIn,
  })
}

const NEVER = new AbortController().signal
