import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { machineWorld } from '#host'
import { type Client, duplexPair, openClient, serveConnection } from '#rpc'
import { type ChunkStore, inlineWorkers } from '#storage/chunks'
import { openPool } from '#storage/pool'
import { DiskKeeper } from '../disks/disk-keeper.ts'
import { thisMachine } from '../disks/machine.ts'
import { MachineDisks } from '../disks/machine-disks.ts'
import { handlersOf } from '../methods/index.ts'
import { MeshDesk } from '../mesh/desk.ts'
import { Peers } from '../peers/peers.ts'
import { Collector } from '../storage/collector.ts'
import { Filesystems } from '../storage/filesystems.ts'
import type { Request } from '../storage/link.ts'
import { NO_OTHER_ROOTS } from '../storage/roots.ts'
import { IdsFile } from '../storage/ids-file.ts'
import { Sessions } from '../storage/sessions.ts'

/** A local door over real chunk store and filesystems in a temporary folder, without processes and mounts. */
export interface TestDoor extends AsyncDisposable {
  readonly client: Client
  readonly filesystems: Filesystems
  readonly chunks: ChunkStore
  readonly dataFolder: string
  readonly collector: Collector
  /** What the supervisor was asked. */
  readonly asked: readonly Request[]
}

/** How long the supervisor of a door for tests has run. */
export const SUPERVISED_MS = 3_600_000

/** Opens a door for a test. */
export async function openTestDoor(): Promise<TestDoor> {
  const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-door-'))
  await using opening = new AsyncDisposableStack()
  opening.defer(() => fs.rmSync(dataFolder, { recursive: true }))
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  const workers = inlineWorkers(world.disk)
  const machine = { ...thisMachine, isOwn: () => true, ballastBytes: 0 }
  const disks = opening.use(await MachineDisks.open({ world, dataFolder, workers, machine, failed: () => undefined }))
  const chunks = disks.store
  const mounted = new Set<string>()
  const ids = new IdsFile(world.disk, dataFolder)
  const filesystems = opening.use(await Filesystems.open({ world, dataFolder, chunks, mounted }))
  const sessions = opening.use(await Sessions.open({ mounts: [], filesystems, world, ids, agreed: () => undefined }))
  const asked: Request[] = []
  const link = {
    start: Promise.withResolvers<never>().promise,
    stop: Promise.withResolvers<void>().promise,
    gone: Promise.withResolvers<void>().promise,
    tell: () => undefined,
    async ask(request: Request) {
      asked.push(request)
      return request.path
    },
  }
  const start = {
    dataFolder,
    supervisorPid: process.pid,
    supervisedMs: SUPERVISED_MS,
    mounts: [],
    mountsNothing: false,
    peerListen: 'none',
    isDiscoverable: false,
    mesh: { provider: 'none', isResolvConf: false },
    restarts: { count: 0 },
    silent: [],
  }
  const collector = opening.use(new Collector({ world, chunks, filesystems, others: NO_OTHER_ROOTS }))
  const peers = opening.use(
    await Peers.open({ world, dataFolder, listen: start.peerListen, disks: () => disks.reports }),
  )
  const pool = opening.use(openPool({ id: 'default', world, store: chunks, machines: peers.machines }))
  const openedMs = world.clock.monotonicMs()
  const desk = new MeshDesk({ world, machines: peers.machines, words: start.mesh, report: () => undefined })
  const diskKeeper = opening.use(new DiskKeeper({ world, disks, returned: () => undefined }))
  const parts = {
    start,
    link,
    desk,
    world,
    chunks,
    pool,
    filesystems,
    sessions,
    collector,
    unheld: { found: undefined },
    disks,
    diskKeeper,
    peers,
    openedMs,
  }
  const [here, there] = duplexPair()
  const common = { clock: world.clock, software: 'test' }
  opening.use(serveConnection(there, { ...common, log: world.log, handlers: handlersOf(parts) }))
  const client = opening.use(await openClient(here, common, new AbortController().signal))
  const all = opening.move()
  return { client, filesystems, chunks, dataFolder, collector, asked, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
