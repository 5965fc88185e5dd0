import { forAWhile, whyOf, type World } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import { AccessTimes } from '../client/access-times.ts'
import { Client } from '../client/client.ts'
import { ClientLocks } from '../client/client-locks.ts'
import { LockFile } from '../client/lock-file.ts'
import { Reader } from '../client/reader.ts'
import { Staging } from '../client/staging.ts'
import { Writer } from '../client/writer.ts'
import { treeShape } from '../content/shape.ts'
import { TreeStore } from '../content/tree-store.ts'
import { isErrno } from '../errno.ts'
import { unsettled } from '../faults.ts'
import type { UsedFilesystem } from '../filesystem.ts'
import type { Superblock } from '../home/superblock.ts'
import { ROOT_INO } from '../inode.ts'
import { DELEGATIONS_MAX, LOCK_TOLD_MS, TICK_MS } from '../limits.ts'
import type { Quota } from '../quota.ts'
import type { Grant, HomeTransport } from '../shared/protocol.ts'
import { ManifestStore } from '../snapshot/manifest-store.ts'
import { SNAPSHOTS_INO, SnapshotView } from '../snapshot/view.ts'
import { WithSnapshots } from '../snapshot/with-snapshots.ts'
import type { Caller, Ino, Invalidation, Reply, Vfs } from '../vfs.ts'
import { DurablePuts } from './durable-puts.ts'
import { HomeSession } from './home-session.ts'
import { RemoteHome } from './remote-home.ts'
import { RemoteSnapshots } from './remote-snapshots.ts'
import { SessionFile } from './session-file.ts'
import { SlotFile } from './slot-file.ts'
import { UnsyncedFile } from './unsynced-file.ts'

/** What programs of a machine that was the home believe to have, and have not at the next one. */
export interface LeftBehind {
  /** Changed here, and not as it is there: whoever wants that to be durable is told that it is not, once. */
  readonly changed: readonly Ino[]
  /** Of which something was locked from here: they fail until they are opened anew. */
  readonly locked: readonly Ino[]
}

/** What a filesystem whose home is elsewhere is opened with. */
export interface RemoteFilesystemOptions {
  readonly world: World
  /** Where its staging file and session are kept. */
  readonly folder: string
  readonly name: string
  readonly transport: HomeTransport
  readonly chunks: ChunkSource
  /** The running kernel's boot id: writes staged before a power cut are not taken over. */
  readonly bootId: string
  /** Who does what no program asks for: the user Cairn runs as; root when undefined. */
  readonly self?: Caller | undefined
  /** Resolves when kernels here have been told of everything they were to be. Undefined when they have. */
  readonly told?: (() => Promise<void> | undefined) | undefined
  /** True when a mount outlived the last process, and with it what its programs have locked. */
  readonly isMounted?: boolean | undefined
  /** What was here when this machine was the home, and a mount outlived that. */
  readonly leftBehind?: LeftBehind | undefined
  /** Ends the wait for the home. */
  readonly signal: AbortSignal
}

/** A filesystem whose home is on another machine. Disposing brings everything written to the home and ends the session. */
export interface RemoteFilesystem extends UsedFilesystem, AsyncDisposable {
  /** What the whole filesystem holds, and may. */
  whole(): Reply<Quota>
  /** True while its home is silent and another machine with its log answers what only reads. */
  readonly isStoodInFor: boolean
  /** How often another machine with its log has answered for its home, while that was silent. */
  readonly standIns: number
  /** How often its session was over at the home. */
  readonly lostSessions: number
  /** True while something of a file is not at the home. */
  isUnlanded(ino: Ino): boolean
  /** Stops without bringing anything to the home, as the end of the process would: for simulation and tests. */
  abandon(): Promise<void>
}

/** Opens a filesystem whose home is elsewhere. Faults: Unreachable, those of the transport. */
export async function openRemoteFilesystem(options: RemoteFilesystemOptions): Promise<RemoteFilesystem> {
  const { world, transport, name } = options
  const { sessionFile, slotFile, lockFile, unsynced } = filesIn(options)
  const chunks = new DurablePuts(options.chunks)
  const resume = sessionFile.read()
  const parts: RemoteHalf = { opened: Promise.withResolvers(), staged: resume === undefined ? [] : stagedIn(options) }
  let first: Grant | undefined
  const link: RemoteHome = new RemoteHome({ session: () => session, self: options.self, unsynced })
  link.wasHome(options.leftBehind)
  const snapshots = new RemoteSnapshots(link)
  const { told = () => undefined } = options
  const fresh = () => forAWhile(told(), world.clock, LOCK_TOLD_MS)
  const locking = { link, file: lockFile, settle: (ino: Ino) => parts.writer?.settle(ino), fresh }
  const locks = new ClientLocks(locking, options.isMounted === true ? lockFile.read() : [])
  const session = new HomeSession({
    transport,
    world,
    filesystem: name,
    resume,
    slotFile,
    unsynced,
    holder: {
      forget: stale => {
        const { held, names } = link.forget(stale)
        forgetInodes(parts.client, stale.inos)
        for (const entry of [...stale.entries, ...names]) parts.client?.invalidate({ kind: 'entry', ...entry })
        if (stale.inos.includes(SNAPSHOTS_INO)) snapshots.forget()
        for (const wait of stale.granted) locks.granted(wait)
        void giveBack(link, parts, stale.recalled ?? [])
        return held
      },
      givesBack: async () => void (await parts.writer?.giveBack()),
      told,
      forgetAll: () => {
        link.forgetAll()
        snapshots.forget()
      },
      held: () => link.held,
      delegated: () => [...link.delegated, ...parts.staged].slice(0, DELEGATIONS_MAX),
      locks: () => locks.held,
      // Whoever thinks that it holds a lock must not go on as if it did.
      lost: () => link.lose(keeps => parts.writer?.dropAll(keeps) ?? [], locks.lost()),
      returned: () => {
        forgetInodes(parts.client, link.returned())
        snapshots.forget()
      },
      granted: grant => {
        first ??= grant
        link.beginsAt(grant.boot, grant.isResumed)
        parts.writer?.loseRoom()
        sessionFile.write(grant.session)
        void locks.askAgain()
      },
    },
  })
  const stop = () => void session.abandon()
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    const grant = await session.granted()
    return await openOver({ options, chunks, link, session, grant: first ?? grant, parts, locks, snapshots })
  } catch (error) {
    // What an earlier process had staged and locked goes on in its session: with the next process.
    await (resume === undefined ? session[Symbol.asyncDispose]() : session.abandon())
    throw error
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}

// What processes of this machine leave to the next.
function filesIn({ world: { disk }, folder, bootId }: RemoteFilesystemOptions) {
  disk.makeFolder(folder)
  return {
    sessionFile: new SessionFile(disk, folder),
    slotFile: new SlotFile(disk, folder),
    lockFile: new LockFile(disk, folder, bootId),
    unsynced: new UnsyncedFile(disk, folder, bootId),
  }
}

/** What there is of the client half while it is being opened. */
interface RemoteHalf {
  client?: Client
  writer?: Writer
  /** Files of which an earlier process had staged something, until all of that is at the home. */
  staged: readonly Ino[]
  readonly opened: PromiseWithResolvers<void>
}

function stagedIn({ world, folder, bootId }: RemoteFilesystemOptions): readonly Ino[] {
  return Staging.inosIn({ disk: world.disk, path: `${folder}/staging`, bootId })
}

// Somebody wants to see files that were made from here: all of them is brought to the home first.
async function giveBack(link: RemoteHome, parts: RemoteHalf, inos: readonly Ino[]): Promise<void> {
  if (inos.length === 0) return
  link.recalled(inos)
  await parts.opened.promise
  await Promise.all(inos.map(async ino => parts.writer?.settle(ino)))
  await link.returnDelegations(inos)
}

function forgetInodes(client: Client | undefined, inos: readonly Ino[]): void {
  for (const ino of inos) client?.invalidate({ kind: 'inode', ino })
}

async function openOver(over: {
  readonly options: RemoteFilesystemOptions
  readonly chunks: ChunkSource
  readonly link: RemoteHome
  readonly session: HomeSession
  readonly grant: Grant
  readonly parts: RemoteHalf
  readonly locks: ClientLocks
  readonly snapshots: RemoteSnapshots
}): Promise<RemoteFilesystem> {
  const { options, chunks, link, session, grant, parts, locks, snapshots } = over
  const { world, folder, bootId, name } = options
  const { superblock } = grant
  const { staging, left, lost } = Staging.open({
    disk: world.disk,
    entropy: world.entropy,
    path: `${folder}/staging`,
    bootId,
    partBytes: superblock.chunkBytes,
  })
  const writer = new Writer({ link, chunks, chunkBytes: superblock.chunkBytes, staging, clock: world.clock })
  parts.writer = writer
  for (const { ino, offset } of lost) world.log.warn('a write that was never synced is damaged', { name, ino, offset })
  // In a session that is over nobody kept others from writing since.
  const isOver = () => !grant.isResumed || session.lost > 0
  for (const write of left) {
    const attributes = isOver() ? undefined : await link.call('attributes', { ino: write.ino })
    if (attributes !== undefined && !isErrno(attributes) && !isOver()) writer.restore(attributes, write)
    else staging.landed(write, staging.mark)
    // Who has the file open is told.
    if (isOver()) link.fail([write.ino])
  }
  if (isOver() && left.length > 0) {
    world.log.warn('writes that were never synced are lost with their session', { name, writes: left.length })
  }
  await writer.settleAll()
  parts.staged = []
  parts.opened.resolve()
  const trees = new TreeStore(treeShape(superblock.chunkBytes), chunks)
  const accessTimes = new AccessTimes(link, world.clock)
  const reader = new Reader(trees, chunks)
  const view = new SnapshotView({
    store: new ManifestStore(chunks),
    table: snapshots,
    trees,
    reader,
    root: () => client.attributes(ROOT_INO),
  })
  const client: Client = new Client(
    { session: grant.session, link, writer, reader, trees, accessTimes, locks, log: world.log },
    grant.orphans,
  )
  parts.client = client
  const vfs = new WithSnapshots(client, view, () => snapshots.fresh())
  return new OpenRemote({ vfs, superblock, world, link, session, client, writer, accessTimes, staging, locks })
}

interface OpenParts {
  readonly vfs: Vfs
  readonly superblock: Superblock
  readonly world: World
  readonly link: RemoteHome
  readonly session: HomeSession
  readonly client: Client
  readonly writer: Writer
  readonly accessTimes: AccessTimes
  readonly staging: Staging
  readonly locks: ClientLocks
}

class OpenRemote implements RemoteFilesystem {
  readonly superblock: Superblock
  readonly vfs: Vfs
  readonly #parts: OpenParts
  readonly #closing = new AbortController()
  readonly #background: Promise<void>

  constructor(parts: OpenParts) {
    this.superblock = parts.superblock
    this.vfs = parts.vfs
    this.#parts = parts
    this.#background = this.#run(this.#closing.signal)
  }

  async sync(): Promise<void> {
    const { writer, accessTimes, client, link } = this.#parts
    const failed = await writer.settleAll()
    if (isErrno(failed)) throw unsettled(failed)
    await accessTimes.flush()
    await client.reap()
    const answer = (await link.call('sync', { revision: undefined })) ?? link.unsureOfAny()
    if (isErrno(answer)) throw unsettled(answer)
  }

  get isStoodInFor(): boolean {
    return this.#parts.session.isStoodInFor
  }

  get standIns(): number {
    return this.#parts.session.standIns
  }

  get lostSessions(): number {
    return this.#parts.session.lost
  }

  isUnlanded(ino: Ino): boolean {
    return this.#parts.writer.dirty(ino) !== undefined
  }

  readonly whole = (): Reply<Quota> => this.#parts.link.call('whole', {})

  invalidate(change: Invalidation): void {
    this.#parts.client.invalidate(change)
  }

  async abandon(): Promise<void> {
    this.#closing.abort()
    await this.#background
    await this.#parts.session.abandon()
    this.#parts.staging.close()
    this.#parts.locks.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#background
    const { session, staging, locks, link } = this.#parts
    const over = new AbortController()
    try {
      const synced = this.sync()
      synced.catch(() => undefined)
      const late = this.#late(over.signal)
      // What is staged stays, and the next process goes on with the session, if that still is: so it does with open files.
      const isLate = (await Promise.race([synced, late])) === 'late'
      if (isLate || link.isInUse || locks.held.length > 0) await session.abandon()
      else await session[Symbol.asyncDispose]()
    } finally {
      over.abort()
      await session.abandon()
      staging.close()
      locks.close()
    }
  }

  // A home that answers gets the time it takes; one that is off is not waited for.
  async #late(signal: AbortSignal): Promise<'late' | undefined> {
    const { world, session } = this.#parts
    for (let waitedMs = 0; waitedMs < CLOSE_MS; waitedMs += CLOSE_LOOK_MS) {
      await world.clock.sleep(CLOSE_LOOK_MS, signal).catch(() => undefined)
      if (signal.aborted) return undefined
      if (waitedMs >= CLOSE_SILENT_MS - CLOSE_LOOK_MS && session.silentMs >= CLOSE_SILENT_MS) return 'late'
    }
    return 'late'
  }

  // Work nobody waits for: old writes go home, access times are told, files that are held no longer are let go.
  async #run(signal: AbortSignal): Promise<void> {
    const { world, writer, accessTimes, client, link } = this.#parts
    while (!signal.aborted) {
      try {
        writer.tick()
        await accessTimes.flush()
        await client.reap()
        await link.returnDelegations()
        await world.clock.sleep(TICK_MS, signal)
      } catch (error) {
        if (signal.aborted) return
        world.log.warn('background work of a filesystem failed; it is tried again', { error: whyOf(error) })
        await world.clock.sleep(TICK_MS * 5, signal).catch(() => undefined)
      }
    }
  }
}

const CLOSE_MS = 10_000
const CLOSE_SILENT_MS = 2_000
const CLOSE_LOOK_MS = 250
