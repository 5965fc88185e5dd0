import { assert, type ByteString, type Clock } from '#base'
import type { Operation, Revision } from '#keyspace'
import type { TreeShape } from '../content/shape.ts'
import type { Sealer } from '../home/sealer.ts'
import type { Tables } from '../home/tables.ts'
import { type Inode, inoOf, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Ino } from '../vfs.ts'
import { type CapturedDirectory, captureDirectory, captureNames, xattrsOf } from './capture.ts'
import { type Batch, Encoder } from './encoder.ts'
import { CATCH_UP_ROUNDS_MAX, CUT_MARKS_MAX, INLINE_ENTRIES_MAX, SEALS_AT_ONCE, STEP_ENTRIES_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import { type DirectoryManifest, encodeManifest, MARK_ALL, MARK_ONE, type NodeRef, SELF } from './marks.ts'
import type { PageRef } from './node.ts'
import { type EncodedEntry, splitPages } from './paging.ts'
import { ALL, type Work, Worklist } from './worklist.ts'

/** What a builder works with. */
export interface BuilderParts {
  readonly tables: Tables
  readonly sealer: Sealer
  readonly store: ManifestStore
  readonly shape: TreeShape
  readonly clock: Clock
  /** Brings what clients have written, and access times, to the home. */
  readonly settle: () => Promise<void>
}

/** The filesystem as it was at one revision. */
export interface Cut {
  readonly root: NodeRef
  readonly revision: Revision
}

/** Called now and then with how many entries and files have been looked at. */
export type Progress = (done: { readonly entries: number }) => void

/**
 * Keeps each directory's manifest. First it catches up in steps, each directory as it is when its turn comes, while
 * changes go on and mark what they touch. What is still marked then is little, and is read in one step of the event
 * loop: that is the cut, and everything in the manifest is as it was at that revision.
 */
export class Builder {
  readonly #parts: BuilderParts
  readonly #encoder: Encoder
  /** Names changed in each directory since it was captured. */
  readonly #touched = new Map<Ino, Set<ByteString>>()
  readonly #pages = new Map<Ino, { readonly of: NodeRef['digest']; readonly refs: readonly PageRef[] }>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: BuilderParts) {
    this.#parts = parts
    this.#encoder = new Encoder(parts)
  }

  /** Brings the manifests up to a cut made after this call. Aborting keeps what was done. */
  async cut(signal: AbortSignal, progress?: Progress): Promise<Cut> {
    const mine = this.#last.then(
      () => this.#run(signal, progress),
      () => this.#run(signal, progress),
    )
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #run(signal: AbortSignal, progress: Progress | undefined): Promise<Cut> {
    const { tables, settle } = this.#parts
    tables.marks.turnOn()
    const stop = tables.marks.observe({ name: (dir, name) => this.#touch(dir, name) })
    try {
      for (let round = 0; round < CATCH_UP_ROUNDS_MAX; round++) {
        await settle()
        await this.#sealAll(signal)
        await this.#catchUp(signal, progress)
        if (this.#marksLeft() <= CUT_MARKS_MAX) break
      }
      await settle()
      return await this.#cut()
    } finally {
      stop()
      this.#touched.clear()
      this.#pages.clear()
    }
  }

  #touch(dir: Ino, name: ByteString): void {
    const names = this.#touched.get(dir)
    if (names === undefined) this.#touched.set(dir, new Set([name]))
    else names.add(name)
  }

  #marksLeft(): number {
    const keySet = { kind: 'prefix', prefix: keys.MARK_PREFIX } as const
    return this.#parts.tables.keyspace.rangeNow({ keys: keySet, limit: CUT_MARKS_MAX + 1, want: 'keys' }).entries.length
  }

  async #sealAll(signal: AbortSignal): Promise<void> {
    const { tables, sealer } = this.#parts
    const inos = tables.scan(keys.UNSEALED_PREFIX).map(row => inoOf(keys.inoOfMarkKey(row.key)))
    for (let at = 0; at < inos.length; at += SEALS_AT_ONCE) {
      signal.throwIfAborted()
      await Promise.all(inos.slice(at, at + SEALS_AT_ONCE).map(ino => sealer.seal(ino)))
    }
  }

  async #catchUp(signal: AbortSignal, progress: Progress | undefined): Promise<void> {
    const work = new Worklist(this.#parts.tables)
    for (let after: ByteString | undefined = keys.MARK_PREFIX; after !== undefined; ) {
      after = work.collect(after, STEP_ENTRIES_MAX)
      await this.#turn(signal)
    }
    this.#dropDetached(work)
    let entries = 0
    for (let more = true; more; ) {
      const step = await this.#step(work)
      entries += step.entries
      more = step.more
      progress?.({ entries })
      await this.#turn(signal)
    }
  }

  // One step: some directories captured, made into nodes, and their manifests committed.
  async #step(work: Worklist): Promise<{ entries: number; more: boolean }> {
    const captured = new Map<Ino, CapturedDirectory>()
    let entries = 0
    while (entries < STEP_ENTRIES_MAX) {
      const next = work.next()
      if (next === undefined) break
      const inode = this.#parts.tables.inode(next.dir)
      if (inode !== undefined && this.#isLong(next, inode)) {
        if (captured.size > 0) break
        entries += await this.#buildLong(work, inode)
        continue
      }
      if (inode !== undefined && this.#needsPages(next, inode)) await this.#loadPages(next.dir)
      entries += this.#capture(work, next, captured)
    }
    await this.#settle(captured)
    return { entries, more: work.next() !== undefined }
  }

  /** Captures one directory, or asks for those below it that have no manifest yet; answers how many entries it read. */
  #capture(work: Worklist, { dir, names }: Work, captured: Map<Ino, CapturedDirectory>): number {
    const inode = this.#parts.tables.inode(dir)
    if (inode === undefined || inode.nlink === 0) {
      work.finish(dir)
      return 1
    }
    const pages = names === ALL || inode.entries <= INLINE_ENTRIES_MAX ? undefined : this.#knownPages(dir)
    const change = pages === undefined || names === ALL ? undefined : { pages, names: [...names].filter(isName).sort() }
    const directory = captureDirectory(this.#parts.tables, inode, change)
    const entries = directory.pieces.flatMap(piece => (piece.kind === 'entries' ? piece.entries : []))
    const missing = entries.filter(
      ({ inode: { kind, ino }, node }) => kind === 'directory' && node === undefined && !captured.has(ino),
    )
    for (const entry of missing) work.want(entry.inode.ino, ALL)
    if (missing.length === 0) {
      this.#touched.delete(dir)
      captured.set(dir, directory)
      work.finish(dir)
    }
    return entries.length + 1
  }

  // Everything still marked is read in one step; only pages of large directories must be in memory before.
  async #cut(): Promise<Cut> {
    const { tables } = this.#parts
    for (;;) {
      const captured = new Map<Ino, CapturedDirectory>()
      const wanted = this.#captureAll(captured)
      if (wanted !== undefined) {
        await this.#loadPages(wanted)
        continue
      }
      const { revision } = tables
      const built = await this.#settle(captured)
      const root = built.get(ROOT_INO) ?? tables.marks.manifest(ROOT_INO)
      assert(root !== undefined, 'the root has a manifest')
      return { root: { digest: root.digest, bytes: root.bytes }, revision }
    }
  }

  #captureAll(captured: Map<Ino, CapturedDirectory>): Ino | undefined {
    const work = new Worklist(this.#parts.tables)
    work.collect(keys.MARK_PREFIX)
    for (let next = work.next(); next !== undefined; next = work.next()) {
      const inode = this.#parts.tables.inode(next.dir)
      if (inode !== undefined && this.#needsPages(next, inode)) return next.dir
      this.#capture(work, next, captured)
    }
    return undefined
  }

  async #settle(captured: ReadonlyMap<Ino, CapturedDirectory>): Promise<Map<Ino, DirectoryManifest>> {
    const batch: Batch = { built: new Map(), stores: [] }
    for (const [dir, directory] of captured) batch.built.set(dir, await this.#encoder.directory(directory, batch))
    await Promise.all(batch.stores)
    for (const [dir, manifest] of batch.built) this.#commit(dir, manifest)
    return batch.built
  }

  /** A directory too long for one step, page by page. Names that change meanwhile stay marked. */
  async #buildLong(work: Worklist, inode: Inode): Promise<number> {
    const { ino } = inode
    if (await this.#wantBelow(work, ino)) return 1
    this.#touched.delete(ino)
    const batch: Batch = { built: new Map(), stores: [] }
    const refs: PageRef[] = []
    let open: EncodedEntry[] = []
    for (let from: ByteString | undefined = ''; from !== undefined; ) {
      const names = captureNames(this.#parts.tables, ino, { from, limit: STEP_ENTRIES_MAX })
      if (names.some(({ inode: { kind }, node }) => kind === 'directory' && node === undefined)) return names.length
      const pages = splitPages([...open, ...(await this.#encoder.entries(names, batch))])
      from = names.length < STEP_ENTRIES_MAX ? undefined : `${names.at(-1)?.name ?? ''}\0`
      open = from === undefined ? [] : (pages.pop() ?? [])
      refs.push(...this.#encoder.pages(pages, batch))
      await Promise.all(batch.stores.splice(0))
    }
    const now = this.#parts.tables.inode(ino)
    if (now !== undefined) {
      const manifest = this.#encoder.paged({ inode: now, xattrs: xattrsOf(this.#parts.tables, now) }, refs, batch)
      await Promise.all(batch.stores)
      this.#commit(ino, manifest)
    }
    work.finish(ino)
    return inode.entries
  }

  /** Asks for the directories in a long one that have no manifest yet; true when there are any. */
  async #wantBelow(work: Worklist, dir: Ino): Promise<boolean> {
    let isAny = false
    for (let from: ByteString | undefined = ''; from !== undefined; ) {
      const names = captureNames(this.#parts.tables, dir, { from, limit: STEP_ENTRIES_MAX })
      for (const { inode, node } of names) {
        if (inode.kind !== 'directory' || node !== undefined) continue
        work.want(inode.ino, ALL)
        isAny = true
      }
      from = names.length < STEP_ENTRIES_MAX ? undefined : `${names.at(-1)?.name ?? ''}\0`
      await this.#turn(NEVER)
    }
    return isAny
  }

  /**
   * A directory's manifest takes the place of its marks, except of names that changed since it was captured. Marks that
   * stay are written before those that go are dropped, and the parent is marked with it: a crash costs work, no change.
   */
  #commit(dir: Ino, manifest: DirectoryManifest): void {
    const { tables } = this.#parts
    const inode = tables.inode(dir)
    if (inode === undefined || inode.nlink === 0) return
    const touched = this.#touched.get(dir) ?? new Set<ByteString>()
    const stay = manifest.isPaged || touched.size === 0 ? touched : new Set([SELF])
    const value = manifest.isPaged ? MARK_ONE : MARK_ALL
    const puts = [...stay].map((name): Operation => ({ kind: 'put', key: keys.markKey(dir, name), value }))
    puts.push({ kind: 'put', key: keys.manifestKey(dir), value: encodeManifest(manifest) })
    if (dir !== ROOT_INO && tables.marks.manifest(dir)?.digest !== manifest.digest)
      puts.push(...this.#parentMarks(inode))
    this.#commitAll(puts)
    const marked = tables.scan(keys.markKey(dir, '')).map(row => row.key)
    const gone = marked.filter(key => !stay.has(keys.nameOfMarkKey(key)))
    this.#commitAll(gone.map(key => ({ kind: 'delete', keys: { kind: 'key', key } })))
    tables.marks.forget(dir)
  }

  #parentMarks(inode: Inode): Operation[] {
    const { marks } = this.#parts.tables
    const puts: Operation[] = []
    for (const { parent, cookie } of marks.placesOf(inode)) {
      const name = marks.nameAt(parent, cookie)
      if (name !== undefined) marks.mark(parent, name, (key, value) => puts.push({ kind: 'put', key, value }))
    }
    return puts
  }

  #dropDetached(work: Worklist): void {
    for (const dir of work.detached) {
      const prefix = keys.markKey(dir, '')
      this.#parts.tables.keyspace.commit({ then: [{ kind: 'delete', keys: { kind: 'prefix', prefix } }] })
      this.#parts.tables.marks.forget(dir)
    }
  }

  #commitAll(operations: readonly Operation[]): void {
    for (let at = 0; at < operations.length; at += OPERATIONS_PER_COMMIT) {
      const then = operations.slice(at, at + OPERATIONS_PER_COMMIT)
      this.#parts.tables.marks.committing(() => this.#parts.tables.keyspace.commit({ then }))
    }
  }

  #isLong({ dir, names }: Work, inode: Inode): boolean {
    const isWhole = names === ALL || this.#parts.tables.marks.manifest(dir)?.isPaged !== true
    return isWhole && inode.entries > 2 * STEP_ENTRIES_MAX
  }

  #needsPages({ dir, names }: Work, inode: Inode): boolean {
    const isPart = names !== ALL && inode.entries > INLINE_ENTRIES_MAX
    return isPart && this.#parts.tables.marks.manifest(dir)?.isPaged === true && this.#knownPages(dir) === undefined
  }

  #knownPages(dir: Ino): readonly PageRef[] | undefined {
    const known = this.#pages.get(dir)
    return known?.of === this.#parts.tables.marks.manifest(dir)?.digest ? known?.refs : undefined
  }

  async #loadPages(dir: Ino): Promise<void> {
    const { tables, store } = this.#parts
    const manifest = tables.marks.manifest(dir)
    if (manifest === undefined) return
    this.#pages.set(dir, { of: manifest.digest, refs: await store.pages(await store.directory(manifest)) })
  }

  // Other work gets its turn.
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#parts.clock.sleep(0, signal)
  }
}

function isName(name: ByteString): boolean {
  return name !== SELF
}

const OPERATIONS_PER_COMMIT = 64
const NEVER = new AbortController().signal
