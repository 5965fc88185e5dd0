import { cidText } from '../content/cid.ts'
import type { ChunkSource } from '../chunk-source.ts'
import type { HomeContext } from '../home/context.ts'
import type { Builder, Progress } from './builder.ts'
import { type Difference, diffTrees } from './diff.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { Snapshot, SnapshotTable } from './table.ts'

/**
 * Snapshots of a filesystem: read-only, by name, readable below `/.snapshots`. A snapshot shows the filesystem as it was
 * at one moment between call and answer, with everything that was written and answered before the call. It costs what
 * changed since the one before, and space only for what is changed or removed later.
 */
export interface Snapshots {
  /** Makes a snapshot, durable when it resolves. Aborting makes none. Faults: NameInvalid, SnapshotExists, TooManySnapshots. */
  create(
    request: { readonly name: string; readonly progress?: Progress | undefined },
    signal: AbortSignal,
  ): Promise<Snapshot>
  /** By name. */
  list(): readonly Snapshot[]
  /** Removes a snapshot; collection frees what only it held. Fault: SnapshotNotFound. */
  remove(name: string, signal: AbortSignal): Promise<void>
  /** What differs from snapshot `from` to snapshot `to`, or to now. Fault: SnapshotNotFound. */
  diff(
    range: { readonly from: string; readonly to: string | undefined },
    signal: AbortSignal,
  ): AsyncIterable<Difference>
}

/** What snapshots work with. */
export interface SnapshotParts {
  readonly context: HomeContext
  readonly chunks: ChunkSource
  readonly store: ManifestStore
  readonly builder: Builder
  readonly table: SnapshotTable
}

/** Snapshots over the home's tables. */
export class HomeSnapshots implements Snapshots {
  readonly #parts: SnapshotParts

  constructor(parts: SnapshotParts) {
    this.#parts = parts
  }

  async create(
    request: { readonly name: string; readonly progress?: Progress | undefined },
    signal: AbortSignal,
  ): Promise<Snapshot> {
    const { table, builder, chunks, context } = this.#parts
    table.checkNew(request.name)
    const { root, revision } = await builder.cut(signal, request.progress)
    await chunks.sync()
    const snapshot = table.add(request.name, { root, revision, createdNs: context.tables.nowNs() })
    await this.#sync(signal)
    return snapshot
  }

  list(): readonly Snapshot[] {
    return this.#parts.table.list()
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    this.#parts.table.remove(name)
    await this.#sync(signal)
  }

  async *diff(
    range: { readonly from: string; readonly to: string | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<Difference> {
    const { table, store, builder } = this.#parts
    const before = table.get(range.from).root
    const after = range.to === undefined ? (await builder.cut(signal)).root : table.get(range.to).root
    yield* diffTrees(store, before, after, signal)
  }

  async #sync(signal: AbortSignal): Promise<void> {
    const { keyspace } = this.#parts.context.tables
    await keyspace.sync(keyspace.revision, signal)
  }
}

/** A snapshot's hash as others know it: the CID of its root manifest. */
export function snapshotCid(snapshot: Snapshot): string {
  return cidText({ codec: 0x71, digest: snapshot.root.digest })
}
