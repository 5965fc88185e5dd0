import { byteStringOfText, type Digest } from '#base'
import { cidText } from '../content/cid.ts'
import type { HomeContext } from '../home/context.ts'
import type { AccessTimes } from '../client/access-times.ts'
import type { Client } from '../client/client.ts'
import type { Reader } from '../client/reader.ts'
import type { Writer } from '../client/writer.ts'
import { ERRNO, errnoName } from '../errno.ts'
import { Builder } from './builder.ts'
import { snapshotFault } from './faults.ts'
import { type Difference, diffTrees } from './diff.ts'
import { DAG_CBOR } from './node.ts'
import { ManifestStore } from './manifest-store.ts'
import type { NodeRef } from './marks.ts'
import { type ReferenceParts, ReferenceWalk, type Unread } from './references.ts'
import { type RestoreRequest, Restorer } from './restore.ts'
import type { HomeSessions } from '../shared/home-sessions.ts'
import { Cids } from './cids.ts'
import { Stat } from './stat.ts'
import { type Snapshot, SnapshotTable } from './table.ts'
import { Turns } from './turns.ts'
import { type ChunkUser, usersOf } from './users.ts'
import { SNAPSHOTS_INO, SnapshotView } from './view.ts'
import { patiently } from '../home/patiently.ts'
import { ROOT_INO } from '../inode.ts'

/**
 * Snapshots of a filesystem: read-only, by name, readable below `/.snapshots`. A snapshot shows the filesystem as it was
 * at one moment between call and answer, with everything that was written and answered before the call. It costs what
 * changed since the one before, and space only for what is changed or removed later.
 */
export interface Snapshots {
  /** Makes a snapshot, durable when it resolves. Aborting makes none. Faults: NameInvalid, SnapshotExists, TooManySnapshots. */
  create(name: string, signal: AbortSignal): Promise<Snapshot>
  /** Makes a snapshot of what another home had: its root is there, with all below. Durable when it resolves. Faults: as {@link create}. */
  adopt(name: string, root: NodeRef, signal: AbortSignal): Promise<Snapshot>
  /** By name. */
  list(): readonly Snapshot[]
  /** Removes a snapshot; collection frees what only it held. Fault: SnapshotNotFound. */
  remove(name: string, signal: AbortSignal): Promise<void>
  /**
   * Makes a copy of a file or tree of a snapshot at a free place, sharing its content; answers how many names it made.
   * Aborting leaves what was made. Faults: SnapshotNotFound, PathNotFound, RestoreRefused.
   */
  restore(request: RestoreRequest, signal: AbortSignal): Promise<number>
  /** What differs from snapshot `from` to snapshot `to`, or to now. Fault: SnapshotNotFound. */
  diff(
    range: { readonly from: string; readonly to: string | undefined },
    signal: AbortSignal,
  ): AsyncIterable<Difference>
}

/** What snapshots work with. */
export interface SnapshotParts {
  readonly context: HomeContext
  readonly client: Client
  readonly writer: Writer
  readonly reader: Reader
  readonly accessTimes: AccessTimes
  /** The machines that show them elsewhere. */
  readonly sessions: Pick<HomeSessions, 'snapshotsChanged' | 'unlanded'>
}

/** Snapshots over the home's tables. */
export class HomeSnapshots implements Snapshots {
  /** The snapshots as directories. */
  readonly view: SnapshotView
  readonly #context: HomeContext
  readonly #client: Client
  readonly #store: ManifestStore
  readonly #builder: Builder
  readonly #table: SnapshotTable
  /** Describes files, also those of snapshots. */
  readonly stat: Stat
  /** Snapshots under way: what they have read is in no row yet. */
  readonly #making = new Set<Promise<void>>()
  readonly #sessions: SnapshotParts['sessions']
  /** Other machines know what has come or gone last. */
  #told: Promise<void> = Promise.resolve()

  constructor(parts: SnapshotParts) {
    const { context, client, writer, reader } = parts
    const { tables, chunks, trees, sealer } = context
    this.#context = context
    this.#store = new ManifestStore(chunks)
    this.#client = client
    this.#sessions = parts.sessions
    this.#table = new SnapshotTable(tables.keyspace)
    const root = () => client.attributes(ROOT_INO)
    this.view = new SnapshotView({ store: this.#store, table: this.#table, trees, reader, root })
    this.#builder = builderOf(parts, this.#store)
    this.stat = new Stat({
      context,
      builder: this.#builder,
      cids: new Cids({ store: this.#store, shape: trees.shape, clock: tables.clock }),
      view: this.view,
      seal: async ino => {
        await parts.sessions.unlanded.of(ino)
        return (await writer.settle(ino)) ?? (await sealer.seal(ino), undefined)
      },
    })
  }

  async create(name: string, signal: AbortSignal): Promise<Snapshot> {
    this.#table.checkNew(name)
    const made = Promise.withResolvers<void>()
    this.#making.add(made.promise)
    try {
      return await this.#create(name, signal)
    } finally {
      this.#making.delete(made.promise)
      made.resolve()
    }
  }

  async #create(name: string, signal: AbortSignal): Promise<Snapshot> {
    const { root, revision } = await this.#builder.cut(signal)
    const { keyspace } = this.#context.tables
    const about = { root, revision, createdNs: this.#context.tables.nowNs() }
    const snapshot = await patiently(keyspace, () => this.#table.add(name, about), signal)
    this.#context.tables.named({ kind: 'snapshot', ref: root })
    this.#listed(name)
    await this.#sync(signal)
    return snapshot
  }

  async adopt(name: string, root: NodeRef, signal: AbortSignal): Promise<Snapshot> {
    const { tables } = this.#context
    const about = { root, revision: tables.keyspace.revision, createdNs: tables.nowNs() }
    const snapshot = await patiently(tables.keyspace, () => this.#table.add(name, about), signal)
    tables.named({ kind: 'snapshot', ref: root })
    this.#listed(name)
    await this.#sync(signal)
    return snapshot
  }

  /** Every chunk the filesystem needs; see `Filesystem.references`. */
  references(signal: AbortSignal, unread?: Unread): AsyncIterable<Digest[]> {
    return new ReferenceWalk(this.#referenceParts(), unread).run(signal)
  }

  /** Who needs one of these chunks; see `Filesystem.users`. */
  users(chunks: ReadonlySet<Digest>, signal: AbortSignal): AsyncIterable<ChunkUser> {
    return usersOf(this.#referenceParts(), chunks, signal)
  }

  #referenceParts(): ReferenceParts {
    const making = () => (this.#making.size === 0 ? undefined : this.made())
    return { context: this.#context, store: this.#store, table: this.#table, making }
  }

  /** Resolves when the snapshots being made are made, or have failed. */
  async made(): Promise<void> {
    await Promise.all(this.#making)
  }

  list(): readonly Snapshot[] {
    return this.#table.list()
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    await patiently(this.#context.tables.keyspace, () => this.#table.remove(name), signal)
    this.#listed(name)
    await this.#sync(signal)
  }

  async restore(request: RestoreRequest, signal: AbortSignal): Promise<number> {
    const { root } = this.#table.get(request.snapshot)
    const made = await new Restorer({ context: this.#context, store: this.#store }, signal).run(root, request)
    await this.#sync(signal)
    return made
  }

  async *diff(
    range: { readonly from: string; readonly to: string | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<Difference> {
    const before = this.#table.get(range.from).root
    const after = range.to === undefined ? (await this.#builder.cut(signal)).root : this.#table.get(range.to).root
    yield* diffTrees(this.#store, { before, after }, new Turns(this.#context.tables.clock, signal))
  }

  // Kernels may believe that the name is not there, or still is.
  #listed(name: string): void {
    this.#told = this.#sessions.snapshotsChanged(byteStringOfText(name))
    this.#client.invalidate({ kind: 'entry', parent: SNAPSHOTS_INO, name: byteStringOfText(name) })
    this.#client.invalidate({ kind: 'inode', ino: SNAPSHOTS_INO })
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { keyspace } = this.#context.tables
    await this.#told
    await keyspace.sync(keyspace.revision, signal)
  }
}

function builderOf({ context, writer, accessTimes, sessions }: SnapshotParts, store: ManifestStore): Builder {
  const { tables, sealer, trees } = context
  const settle = async (): Promise<void> => {
    await sessions.unlanded.all()
    const failed = await writer.settleAll()
    accessTimes.flush()
    if (failed === undefined) return
    const said = `what was written cannot be stored: ${errnoName(failed)}`
    if (failed === ERRNO.ENOSPC) {
      throw snapshotFault('SnapshotIncomplete', said, { hint: 'Make room on the disk and try again.' })
    }
    throw snapshotFault('NotStored', said, { hint: '`cairn doctor` tells whether a disk is failing.' })
  }
  return new Builder({
    tables,
    sealer,
    store,
    shape: trees.shape,
    clock: tables.clock,
    settle: async signal => {
      await settle()
      await sealer.sealAll(signal)
    },
    hold: async () => {
      using held = new DisposableStack()
      held.use(writer.gate.hold())
      await settle()
      return held.move()
    },
  })
}

/** A snapshot's hash as others know it: the CID of its root manifest. */
export function snapshotCid(snapshot: Snapshot): string {
  return cidText({ codec: DAG_CBOR, digest: snapshot.root.digest })
}
