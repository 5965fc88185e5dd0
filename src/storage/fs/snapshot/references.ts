import { type Awaitable, andThen, type ByteString, type Digest, Fault, isLater } from '#base'
import { rootOf, type Subtree } from '../content/shape.ts'
import { decodeExtent } from '../extent.ts'
import type { HomeContext } from '../home/context.ts'
import type { Named } from '../home/tables.ts'
import { decodeInode, inoOf } from '../inode.ts'
import * as keys from '../keys.ts'
import { REFERENCES_PER_BATCH, ROWS_PER_STEP, WALKED_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import { decodeManifest, type NodeRef } from './marks.ts'
import { isRef, type ManifestEntry, type Recorded } from './node.ts'
import type { SnapshotTable } from './table.ts'

/** What a walk works with. */
export interface ReferenceParts {
  readonly context: HomeContext
  readonly store: ManifestStore
  readonly table: SnapshotTable
  /** Resolves when no snapshot is being made; undefined when none is. */
  readonly making: () => Promise<void> | undefined
}

type Step =
  | { readonly kind: 'subtree'; readonly subtree: Subtree }
  | { readonly kind: 'directory'; readonly ref: NodeRef; readonly reach: Reach }
  | { readonly kind: 'page'; readonly ref: NodeRef; readonly height: number; readonly reach: Reach }

/**
 * Of a snapshot all below is needed. Of a directory's newest manifest only its own nodes are: what lies below has rows of
 * its own, and content that is in no row any longer is in entries that are marked, which nobody reads.
 */
type Reach = 'all' | 'own'

/** What becomes of a walk that cannot read an inner node: it ends, or goes on without what is below, which nobody can read either. */
export type Unread = 'fault' | 'skip'

/**
 * Tells every chunk that a filesystem needs: those that rows name (extents, sealed trees, manifests, snapshots) and all
 * below them. Rows that change while it walks are told to it, and it ends at a moment when nothing is left to be walked
 * and no snapshot is being made: what rows name then has been told. Some chunks are told more than once.
 */
export class ReferenceWalk {
  readonly #parts: ReferenceParts
  readonly #unread: Unread
  readonly #steps: Step[] = []
  /** Nodes with others below them that were walked. When it is full, shared trees are walked again. */
  readonly #walked = new Set<Digest>()
  #batch: Digest[] = []

  constructor(parts: ReferenceParts, unread: Unread = 'fault') {
    this.#parts = parts
    this.#unread = unread
  }

  /** Batches of digests. Faults: those of reading nodes; what was told is not all then. */
  async *run(signal: AbortSignal): AsyncGenerator<Digest[]> {
    const { context, table, making } = this.#parts
    const stop = context.tables.observeNamed(named => this.#name(named))
    try {
      yield* this.#rows(keys.EXTENT_PREFIX, signal)
      yield* this.#rows(keys.INODE_PREFIX, signal)
      yield* this.#rows(keys.MANIFEST_PREFIX, signal)
      for (const { root } of table.list()) this.#name({ kind: 'snapshot', ref: root })
      for (;;) {
        yield* this.#drain(signal)
        const made = making()
        if (made !== undefined) await made
        else if (this.#batch.length > 0) yield this.#take()
        else if (this.#steps.length === 0) return
      }
    } finally {
      stop()
    }
  }

  /** Tells what one of them needs, as {@link run} does; not again what calls before have walked in full. */
  async *below(named: Named, signal: AbortSignal): AsyncGenerator<Digest[]> {
    this.#name(named)
    yield* this.#drain(signal)
    if (this.#batch.length > 0) yield this.#take()
  }

  #name(named: Named): void {
    if (named.kind === 'chunk') this.#batch.push(named.digest)
    else if (named.kind === 'tree') this.#file({ digest: named.tree.root, size: named.tree.bytes })
    else this.#steps.push({ kind: 'directory', ref: named.ref, reach: named.kind === 'snapshot' ? 'all' : 'own' })
  }

  async *#rows(prefix: ByteString, signal: AbortSignal): AsyncGenerator<Digest[]> {
    const { tables } = this.#parts.context
    const end = String.fromCharCode(prefix.charCodeAt(0) + 1)
    for (let start: ByteString | undefined = prefix; start !== undefined; ) {
      const rows = tables.range(start, end, ROWS_PER_STEP)
      for (const { key, value } of rows) this.#row(prefix, key, value)
      start = rows.length < ROWS_PER_STEP ? undefined : `${rows.at(-1)?.key ?? ''}\0`
      yield* this.#drain(signal)
      await tables.clock.sleep(1, signal)
    }
  }

  #row(prefix: ByteString, key: ByteString, value: Uint8Array): void {
    if (prefix === keys.MANIFEST_PREFIX) {
      this.#name({ kind: 'manifest', ref: decodeManifest(value) })
    } else if (prefix === keys.EXTENT_PREFIX) {
      const extent = decodeExtent(keys.offsetOfExtentKey(key), value)
      if (extent.kind === 'chunk') this.#name({ kind: 'chunk', digest: extent.digest })
    } else {
      const { tree } = decodeInode(inoOf(keys.inoOfInodeKey(key)), value)
      if (tree !== undefined) this.#name({ kind: 'tree', tree })
    }
  }

  async *#drain(signal: AbortSignal): AsyncGenerator<Digest[]> {
    for (;;) {
      if (this.#batch.length >= REFERENCES_PER_BATCH) {
        yield this.#take()
        await this.#parts.context.tables.clock.sleep(1, signal)
      }
      const step = this.#steps.pop()
      if (step === undefined) return
      try {
        const done = this.#walk(step)
        if (isLater(done)) await done
      } catch (error) {
        if (this.#unread === 'fault' || !(error instanceof Fault)) throw error
      }
    }
  }

  // What is named while a batch is with the caller belongs to the next one.
  #take(): Digest[] {
    const batch = this.#batch
    this.#batch = []
    return batch
  }

  #walk(step: Step): Awaitable<void> {
    const { store, context } = this.#parts
    const { digest } = step.kind === 'subtree' ? step.subtree : step.ref
    if (this.#walked.has(digest)) return
    this.#batch.push(digest)
    if (step.kind === 'subtree' && step.subtree.height === 0) return
    const isAll = step.kind === 'subtree' || step.reach === 'all'
    if (isAll && this.#walked.size < WALKED_MAX) this.#walked.add(digest)
    if (step.kind === 'subtree') {
      return andThen(context.trees.children(step.subtree), below => {
        for (const subtree of below) this.#steps.push({ kind: 'subtree', subtree })
      })
    }
    if (step.kind === 'page') {
      return step.height === 0
        ? andThen(store.page(step.ref), entries => this.#entries(entries, step.reach))
        : andThen(store.index(step.ref), refs => this.#pages(refs, step))
    }
    return andThen(store.directory(step.ref), ({ self, items }) => {
      const { reach } = step
      if ('refs' in items) this.#pages(items.refs, { height: items.height, reach })
      const inside = 'refs' in items ? undefined : this.#entries(items.entries, reach)
      return andThen(inside, () => this.#xattrs(self))
    })
  }

  #pages(refs: readonly NodeRef[], { height, reach }: { readonly height: number; readonly reach: Reach }): void {
    for (const ref of refs) this.#steps.push({ kind: 'page', ref, height: height - 1, reach })
  }

  #entries(entries: readonly ManifestEntry[], reach: Reach): Awaitable<void> {
    let before: Awaitable<void> = undefined
    for (const entry of entries) {
      if (entry.kind === 'directory') {
        if (reach === 'all') this.#steps.push({ kind: 'directory', ref: entry.node, reach })
      } else {
        const { content, size, xattrs } = entry.inode
        if (content !== undefined && reach === 'all') this.#file({ digest: content.digest, size })
        if (xattrs !== undefined) before = andThen(before, () => this.#xattrs(entry.inode))
      }
    }
    return before
  }

  #xattrs(inode: Recorded): Awaitable<void> {
    if (isRef(inode.xattrs)) this.#batch.push(inode.xattrs.digest)
    return andThen(this.#parts.store.xattrList(inode), xattrs => {
      for (const { value } of xattrs) if (isRef(value)) this.#batch.push(value.digest)
    })
  }

  #file(tree: { readonly digest: Digest; readonly size: number }): void {
    const { trees } = this.#parts.context
    const subtree = rootOf(trees.shape, tree)
    if (!trees.zeros.isHole(subtree)) this.#steps.push({ kind: 'subtree', subtree })
  }
}
