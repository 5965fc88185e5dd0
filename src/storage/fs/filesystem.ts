import { assert, type Digest, forAWhile, whyOf, type World } from '#base'
import type { EpochStart, LocalKeyspace } from '#keyspace'
import type { ChunkSource } from './chunk-source.ts'
import { AccessTimes } from './client/access-times.ts'
import { Client } from './client/client.ts'
import { ClientLocks } from './client/client-locks.ts'
import { LockFile } from './client/lock-file.ts'
import { Reader } from './client/reader.ts'
import { Staging } from './client/staging.ts'
import { Writer } from './client/writer.ts'
import { CHUNK_BYTES_DEFAULT } from './content/limits.ts'
import { treeShape } from './content/shape.ts'
import { TreeStore } from './content/tree-store.ts'
import { isErrno } from './errno.ts'
import { unsettled } from './faults.ts'
import { FilesystemAccess } from './home/access-rules.ts'
import { Home } from './home/home.ts'
import { format, readSuperblock, type Superblock } from './home/superblock.ts'
import { LOCAL_SESSION } from './home/locks.ts'
import { LOCK_TOLD_MS, TICK_MS } from './limits.ts'
import type { QuotaLimits } from './operation.ts'
import type { PlacedQuota, Quota } from './quota.ts'
import { LateVfs } from './remote/late-vfs.ts'
import { HomeSessions } from './shared/home-sessions.ts'
import type { HomeSince, LocalSide } from './shared/session-parts.ts'
import { HomeSnapshots, type Snapshots } from './snapshot/snapshots.ts'
import type { FileStat } from './snapshot/stat.ts'
import type { Unread } from './snapshot/references.ts'
import type { ChunkUser } from './snapshot/users.ts'
import { WithSnapshots } from './snapshot/with-snapshots.ts'
import { takenOver } from './taken-over.ts'
import type { Answer, Ino, Invalidation, Reply, Vfs } from './vfs.ts'

/** What a filesystem is opened with. */
export interface FilesystemOptions {
  readonly world: World
  /** Where its staging file is kept; the keyspace keeps its own folder. */
  readonly folder: string
  readonly name: string
  readonly keyspace: LocalKeyspace
  readonly chunks: ChunkSource
  /** The running kernel's boot id: writes staged before a power cut are not taken over. */
  readonly bootId: string
  /** Since when this machine is its home, if others were before it in the same log. */
  readonly since?: HomeSince | undefined
  /** Who wrote its log, this machine last; undefined: nobody else ever did. */
  readonly epochs?: readonly EpochStart[] | undefined
  /** True when a kernel mount outlived the last process and may hold unlinked files open. */
  readonly isMounted: boolean
  /** Who owns the root directory of a new filesystem. */
  readonly owner: { readonly uid: number; readonly gid: number }
  /** True when a kernel of this machine may hold an inode of it; undefined: while it is mounted, any. */
  readonly mayHold?: ((ino: Ino) => boolean) | undefined
  /** Resolves when kernels of this machine have been told of everything they were to be. Undefined when they have. */
  readonly told?: (() => Promise<void> | undefined) | undefined
  /** True while another machine may be its home without this one having heard of it; undefined: never. See {@link LateVfs}. */
  readonly isCutOff?: (() => boolean) | undefined
  /** Leaf size of a new filesystem; 1 MiB when undefined. */
  readonly chunkBytes?: number | undefined
}

/** A filesystem as this machine uses it, wherever its home is. */
export interface UsedFilesystem {
  readonly superblock: Superblock
  readonly vfs: Vfs
  /** Resolves when everything answered before is durable. Faults: NoSpace, Io, those of the keyspace's sync. */
  sync(): Promise<void>
  /** Tells the kernels that mount it that something changed other than through them. */
  invalidate(change: Invalidation): void
}

/** An open filesystem: home and client half in one process. Disposing brings everything written to disk. */
export interface Filesystem extends UsedFilesystem, AsyncDisposable {
  readonly quotas: Quotas
  readonly snapshots: Snapshots
  /** Which machines may use it. */
  readonly access: FilesystemAccess
  /** The machines that use it from elsewhere. */
  readonly sessions: HomeSessions
  /** Puts a file's content into its sealed tree now. Faults: NoSpace, Io, those of the chunk source. */
  seal(ino: Ino): Promise<void>
  /** Describes a file beyond stat(2); with `cid` it is sealed first. Faults: those of the chunk source. */
  stat(ino: Ino, options: { readonly cid: boolean }, signal: AbortSignal): Promise<Answer<FileStat>>
  /**
   * Every chunk the filesystem needs, in batches, some more than once. When the iteration has ended, it has told all
   * that rows named at its end: extents, sealed trees and snapshots with all below, and the nodes of manifests.
   * It cannot know chunks that were put but that no row names yet: of a write, a seal or a snapshot under way. So a
   * chunk that was put or renewed shortly before the walk, or later, must be kept until a later walk has missed it too.
   * A snapshot under way is waited for. Leaving the loop ends it. Faults: those of `ChunkSource.read`: nothing may be
   * deleted then. With `skip` an inner node that cannot be read is told, and what is below it is not.
   */
  references(signal: AbortSignal, unread?: Unread): AsyncIterable<readonly Digest[]>
  /**
   * Who needs one of these chunks: files, snapshots and directories' manifests, as long as the loop goes on. It reads
   * what `references` reads; what cannot be read needs them. Writes under way are not seen.
   */
  users(chunks: ReadonlySet<Digest>, signal: AbortSignal): AsyncIterable<ChunkUser>
  /**
   * Resolves when every chunk that was put before this call is named by a row or never will be: the writes, seals and
   * snapshots that were under way have ended. A walk of `references` that begins then misses none of them.
   */
  settled(): Promise<void>
  /** Stops without bringing anything to disk, as the end of the process would: for simulation and tests. */
  abandon(): Promise<void>
}

/** Limits on directories; see `quota.ts`. */
export interface Quotas {
  /**
   * ENOTEMPTY when the directory is no quota root yet and has files. Limits of the root directory are of the whole
   * filesystem; EDQUOT when it holds more than they allow.
   */
  set(ino: Ino, limits: QuotaLimits): Reply<Quota>
  /** Lifts the limits. ENODATA when the directory has none. */
  remove(ino: Ino): Reply<void>
  list(): Reply<readonly PlacedQuota[]>
  /** What the whole filesystem holds, and may. */
  whole(): Reply<Quota>
}

/** Opens a filesystem, making it when its keyspace is empty, and takes over what a killed process had staged. */
export async function openFilesystem(options: FilesystemOptions): Promise<Filesystem> {
  const { world, keyspace, chunks } = options
  const superblock = readSuperblock(keyspace) ?? (await create(options))
  const trees = new TreeStore(treeShape(superblock.chunkBytes), chunks)
  const home = new Home({ keyspace, chunks, trees, clock: world.clock })
  home.takenOver = takenOver(options)
  await home.count()
  const parts: { client?: Client; writer?: Writer; locks?: ClientLocks } = {}
  const sessions = new HomeSessions({
    home,
    world,
    superblock,
    bootId: options.bootId,
    since: options.since,
    epochs: options.epochs,
    isMounted: options.isMounted,
    local: localSide(parts, options),
  })
  world.disk.makeFolder(options.folder)
  const { staging, left, lost } = Staging.open({
    disk: world.disk,
    entropy: world.entropy,
    path: `${options.folder}/staging`,
    bootId: options.bootId,
    partBytes: superblock.chunkBytes,
  })
  for (const { ino, offset, bytes } of lost) {
    world.log.warn('a write that was never synced is damaged and left out', { ino, offset, bytes: bytes.byteLength })
  }
  const writer = new Writer({ link: home, chunks, chunkBytes: superblock.chunkBytes, staging, clock: world.clock })
  for (const write of left) {
    const attributes = await home.call('attributes', { ino: write.ino })
    if (isErrno(attributes)) staging.landed(write, staging.mark)
    else writer.restore(attributes, write)
  }
  // What finds no room now stays staged, and is tried again.
  await writer.settleAll()
  const accessTimes = new AccessTimes(home, world.clock)
  const reader = new Reader(trees, chunks)
  const locks = localLocks(options, home, writer)
  const client = new Client(
    { session: LOCAL_SESSION, link: home, writer, reader, trees, accessTimes, locks, log: world.log },
    home.orphans(),
  )
  Object.assign(parts, { client, writer, locks })
  sessions.serve()
  return new OpenFilesystem({
    sessions,
    superblock,
    world,
    home,
    client,
    writer,
    reader,
    accessTimes,
    staging,
    keyspace,
    locks,
    isCutOff: options.isCutOff,
  })
}

// What programs here had locked before this process began, they hold before others can ask.
function localLocks(options: FilesystemOptions, home: Home, writer: Writer): ClientLocks {
  const { world, folder, bootId, told } = options
  const file = new LockFile(world.disk, folder, bootId)
  const held = options.isMounted ? file.read() : []
  home.context.locks.reclaim(LOCAL_SESSION, held)
  const fresh = () => forAWhile(told?.(), world.clock, LOCK_TOLD_MS)
  return new ClientLocks({ link: home, file, settle: ino => writer.settle(ino), fresh }, held)
}

// What was opened last is there when the first session begins.
function localSide(
  parts: { readonly client?: Client; readonly writer?: Writer; readonly locks?: ClientLocks },
  { mayHold, told, isMounted }: FilesystemOptions,
): LocalSide {
  return {
    invalidate: change => parts.client?.invalidate(change),
    get isDirty() {
      return parts.writer?.isDirty === true
    },
    settle: ino => parts.writer?.settle(ino),
    mayHold: mayHold ?? (() => isMounted),
    told: told ?? (() => undefined),
    adopt: ino => parts.client?.adopt(ino),
    giveBack: () => void parts.writer?.giveBack(),
    granted: wait => parts.locks?.granted(wait),
  }
}

interface OpenParts {
  readonly sessions: HomeSessions
  readonly superblock: Superblock
  readonly world: World
  readonly home: Home
  readonly client: Client
  readonly writer: Writer
  readonly reader: Reader
  readonly accessTimes: AccessTimes
  readonly staging: Staging
  readonly keyspace: LocalKeyspace
  readonly locks: ClientLocks
  readonly isCutOff: (() => boolean) | undefined
}

class OpenFilesystem implements Filesystem {
  readonly superblock: Superblock
  readonly vfs: Vfs
  readonly quotas: Quotas
  readonly snapshots: HomeSnapshots
  readonly access: FilesystemAccess
  readonly sessions: HomeSessions
  readonly #parts: OpenParts
  readonly #closing = new AbortController()
  readonly #background: Promise<void>

  constructor(parts: OpenParts) {
    this.superblock = parts.superblock
    this.sessions = parts.sessions
    this.access = new FilesystemAccess(parts.keyspace)
    const { home, client, isCutOff } = parts
    this.quotas = {
      set: (ino, limits) => home.call('setQuota', { ino, ...limits }),
      remove: ino => home.call('removeQuota', { ino }),
      list: () => home.call('quotas', {}),
      whole: () => home.call('whole', {}),
    }
    this.snapshots = new HomeSnapshots({ ...parts, context: home.context })
    const vfs = new WithSnapshots(client, this.snapshots.view)
    this.vfs = isCutOff === undefined ? vfs : new LateVfs(vfs, parts.world.clock, isCutOff)
    this.#parts = parts
    this.#background = this.#run(this.#closing.signal)
  }

  async sync(): Promise<void> {
    const { writer, accessTimes, client, keyspace } = this.#parts
    const failed = await writer.settleAll()
    if (isErrno(failed)) throw unsettled(failed)
    void accessTimes.flush()
    client.reap()
    await keyspace.sync(keyspace.revision, NEVER)
  }

  async seal(ino: Ino): Promise<void> {
    const failed = await this.#parts.writer.settle(ino)
    if (isErrno(failed)) throw unsettled(failed)
    await this.#parts.home.call('seal', { ino })
  }

  stat(ino: Ino, options: { readonly cid: boolean }, signal: AbortSignal): Promise<Answer<FileStat>> {
    return this.snapshots.stat.of(ino, options, signal)
  }

  references(signal: AbortSignal, unread?: Unread): AsyncIterable<readonly Digest[]> {
    return this.snapshots.references(signal, unread)
  }

  users(chunks: ReadonlySet<Digest>, signal: AbortSignal): AsyncIterable<ChunkUser> {
    return this.snapshots.users(chunks, signal)
  }

  async settled(): Promise<void> {
    const { writer, home } = this.#parts
    await writer.settleAll() // what failed is put anew when it is tried again
    await home.context.sealer.settled()
    await this.snapshots.made()
  }

  async abandon(): Promise<void> {
    this.#parts.sessions.stop()
    this.#closing.abort()
    await this.#background
    this.#parts.staging.close()
    this.#parts.locks.close()
  }

  invalidate(change: Invalidation): void {
    this.#parts.client.invalidate(change)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.sessions.stop()
    this.#closing.abort()
    await this.#background
    try {
      await this.sync()
    } finally {
      this.#parts.staging.close()
      this.#parts.locks.close()
    }
  }

  // Work nobody waits for: old writes go home, access times are told, forgotten files reaped, idle files sealed.
  async #run(signal: AbortSignal): Promise<void> {
    const { world, writer, accessTimes, client, home, sessions } = this.#parts
    while (!signal.aborted) {
      try {
        writer.tick()
        void accessTimes.flush()
        client.reap()
        sessions.tick()
        const more = await home.tick(signal)
        await world.clock.sleep(more ? BUSY_TICK_MS : TICK_MS, signal)
      } catch (error) {
        if (signal.aborted) return
        world.log.warn('background work of a filesystem failed; it is tried again', {
          filesystem: this.superblock.name,
          error: whyOf(error),
        })
        await world.clock.sleep(TICK_MS * 5, signal).catch(() => undefined)
      }
    }
  }
}

async function create(options: FilesystemOptions): Promise<Superblock> {
  const { world, keyspace, name, owner } = options
  const superblock: Superblock = {
    version: 1,
    id: Buffer.from(world.entropy.bytes(16)).toString('hex'),
    name,
    pool: 'default',
    chunkBytes: options.chunkBytes ?? CHUNK_BYTES_DEFAULT,
    createdNs: String(world.clock.wallNs()),
  }
  format(keyspace, superblock, owner)
  await keyspace.sync(keyspace.revision, NEVER)
  assert(readSuperblock(keyspace) !== undefined, 'a formatted filesystem has a superblock')
  return superblock
}

const NEVER = new AbortController().signal
const BUSY_TICK_MS = 20
