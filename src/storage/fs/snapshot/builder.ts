import { assert, type ByteString, type Clock } from '#base'
import type { Operation, Revision } from '#keyspace'
import type { TreeShape } from '../content/shape.ts'
import type { Sealer } from '../home/sealer.ts'
import type { Tables } from '../home/tables.ts'
import { patiently } from '../home/patiently.ts'
import { inoOf, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Ino } from '../vfs.ts'
import { capture } from './capture.ts'
import { Encoder } from './encoder.ts'
import { CATCH_UP_ROUNDS_MAX, COMMIT_ENTRIES, CUT_MARKS_MAX, STEP_ENTRIES_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import { type DirectoryManifest, encodeManifest, MARK_ALL, MARK_ONE, type NodeRef, SELF } from './marks.ts'
import type { PageRef } from './node.ts'
import { type Plan, readPlan } from './plan.ts'
import { Turns } from './turns.ts'

/** What a builder works with. */
export interface BuilderParts {
  readonly tables: Tables
  readonly sealer: Sealer
  readonly store: ManifestStore
  readonly shape: TreeShape
  readonly clock: Clock
  /** Brings what clients have written, and access times, to the home, and seals what can be sealed. */
  readonly settle: (signal: AbortSignal) => Promise<void>
  /** Brings all of it to the home and holds back writes until it is disposed. */
  readonly hold: () => Promise<Disposable>
}

/** The filesystem as it was at one revision. */
export interface Cut {
  readonly root: NodeRef
  readonly revision: Revision
}

/**
 * Keeps each directory's manifest. First it catches up in steps, each directory as it is when its turn comes, while
 * changes go on and mark what they touch. What is still marked then is little, and is read in one step of the event
 * loop: that is the cut, and everything in the manifest is as it was at that revision.
 */
export class Builder {
  readonly #parts: BuilderParts
  /** Names changed in each directory since it was captured. */
  readonly #touched = new Map<Ino, Set<ByteString>>()
  readonly #pages = new Map<Ino, { readonly of: NodeRef['digest']; readonly refs: readonly PageRef[] }>()
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: BuilderParts) {
    this.#parts = parts
  }

  /** Brings the manifests up to a cut made after this call. Aborting keeps what was done. */
  cut(signal: AbortSignal): Promise<Cut> {
    const run = () => this.#run(signal)
    const mine = this.#last.then(run, run)
    this.#last = mine
    return mine
  }

  async #run(signal: AbortSignal): Promise<Cut> {
    const { tables, settle, hold } = this.#parts
    await patiently(tables.keyspace, () => tables.marks.turnOn(), signal)
    const stop = tables.marks.observe((dir, name) => this.#touch(dir, name))
    try {
      for (let round = 0; round < CATCH_UP_ROUNDS_MAX; round++) {
        await settle(signal)
        await this.#catchUp(signal)
        if (!this.#hasManyMarks()) break
      }
      const held = await hold()
      return await this.#cut(held)
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

  #hasManyMarks(): boolean {
    return this.#parts.tables.scan(keys.MARK_PREFIX, CUT_MARKS_MAX + 1).length > CUT_MARKS_MAX
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const steps = readPlan(this.#parts.tables)
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) await this.#turn(signal)
    const plan = step.value
    for (const dir of plan.detached) await this.#dropMarks(dir, signal)
    await this.#loadPages(this.#missingPages(plan))
    const encoder = new Encoder(this.#parts)
    const turns = new Turns(this.#parts.clock, signal)
    let entries = 0
    for (const piece of this.#capture(plan)) {
      const steps = piece.kind === 'entries' ? piece.entries.length : 1
      await encoder.add(piece)
      await turns.next(steps)
      entries += steps
      if (entries < COMMIT_ENTRIES) continue
      entries = 0
      await this.#commit(encoder, signal)
    }
    await this.#commit(encoder, signal)
  }

  // Everything still marked is read in one step; only pages of large directories must be in memory before.
  async #cut(held: Disposable): Promise<Cut> {
    const { tables } = this.#parts
    using hold = new DisposableStack()
    hold.use(held)
    let plan = this.#planNow()
    for (let missing = this.#missingPages(plan); missing.length > 0; missing = this.#missingPages(plan)) {
      await this.#loadPages(missing)
      plan = this.#planNow()
    }
    const { revision } = tables
    const pieces = [...this.#capture(plan)]
    hold.dispose()
    const encoder = new Encoder(this.#parts)
    for (const piece of pieces) await encoder.add(piece)
    const built = await this.#commit(encoder, NEVER)
    const root = built.get(ROOT_INO) ?? tables.marks.manifest(ROOT_INO)
    assert(root !== undefined, 'the root has a manifest')
    return { root: { digest: root.digest, bytes: root.bytes }, revision }
  }

  #planNow(): Plan {
    const steps = readPlan(this.#parts.tables)
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    return step.value
  }

  #capture(plan: Plan): ReturnType<typeof capture> {
    const { tables } = this.#parts
    const begin = (dir: Ino): Iterable<ByteString> => {
      const changed = this.#touched.get(dir) ?? []
      this.#touched.delete(dir)
      return changed
    }
    return capture({ tables, plan, begin, pagesOf: dir => this.#knownPages(dir) })
  }

  #knownPages(dir: Ino): readonly PageRef[] | undefined {
    const known = this.#pages.get(dir)
    return known?.of === this.#parts.tables.marks.manifest(dir)?.digest ? known?.refs : undefined
  }

  // Of large directories only the pages with changed names are read anew: they must be known.
  #missingPages({ directories }: Plan): Ino[] {
    const { marks } = this.#parts.tables
    const known = [...directories].filter(([dir, { isWhole }]) => !isWhole && marks.manifest(dir)?.isPaged === true)
    return known.map(([dir]) => dir).filter(dir => this.#knownPages(dir) === undefined)
  }

  async #loadPages(directories: readonly Ino[]): Promise<void> {
    const { tables, store } = this.#parts
    for (const dir of directories) {
      const manifest = tables.marks.manifest(dir)
      if (manifest === undefined) continue
      this.#pages.set(dir, { of: manifest.digest, refs: await store.pages(await store.directory(manifest)) })
    }
  }

  async #commit(encoder: Encoder, signal: AbortSignal): Promise<ReadonlyMap<Ino, DirectoryManifest>> {
    const { keyspace } = this.#parts.tables
    const made = await encoder.stored()
    for (const [dir, manifest] of made) {
      await patiently(keyspace, () => this.#commitOne(dir, manifest), signal)
      await this.#dropMarks(dir, signal)
    }
    return made
  }

  /**
   * A directory's manifest takes the place of its marks, except of names that changed since it was captured. Marks that
   * stay are written before those that go are dropped, and the parent is marked with it: a crash costs work, no change.
   */
  #commitOne(dir: Ino, manifest: DirectoryManifest): void {
    const { tables } = this.#parts
    const inode = tables.inode(dir)
    if (inode === undefined || inode.nlink === 0) return
    const touched = this.#touched.get(dir) ?? new Set<ByteString>()
    const stay = manifest.isPaged || touched.size === 0 ? touched : new Set([SELF])
    const value = manifest.isPaged ? MARK_ONE : MARK_ALL
    const puts = [...stay].map((name): Operation => ({ kind: 'put', key: keys.markKey(dir, name), value }))
    puts.push({ kind: 'put', key: keys.manifestKey(dir), value: encodeManifest(manifest) })
    if (dir !== ROOT_INO && tables.marks.manifest(dir)?.digest !== manifest.digest) {
      for (const place of tables.marks.placesOf(inode)) this.#markParent(place, puts)
    }
    this.#commitAll(puts)
    tables.named({ kind: 'manifest', ref: manifest })
    tables.marks.forget(dir)
  }

  #markParent(
    { parent, cookie }: { readonly parent: Ino; readonly cookie: Parameters<typeof keys.listKey>[1] },
    puts: Operation[],
  ): void {
    const { marks } = this.#parts.tables
    const name = marks.nameAt(parent, cookie)
    if (name !== undefined) marks.mark(parent, name, (key, value) => puts.push({ kind: 'put', key, value }))
  }

  // What changes meanwhile is marked anew, and stays.
  async #dropMarks(dir: Ino, signal: AbortSignal): Promise<void> {
    const { keyspace } = this.#parts.tables
    for (let start: ByteString | undefined = keys.markKey(dir, ''); start !== undefined; ) {
      const from: ByteString = start
      start = await patiently(keyspace, () => this.#dropSomeMarks(dir, from), signal)
      if (start !== undefined) await this.#turn(signal)
    }
  }

  #dropSomeMarks(dir: Ino, start: ByteString): ByteString | undefined {
    const { tables } = this.#parts
    const rows = tables.range(start, keys.markKey(inoOf(dir + 1), ''), STEP_ENTRIES_MAX)
    const touched = this.#touched.get(dir) ?? new Set()
    const isWhole = touched.size > 0 && tables.marks.manifest(dir)?.isPaged !== true
    const gone = rows.filter(({ key }) => {
      const name = keys.nameOfMarkKey(key)
      return !touched.has(name) && !(isWhole && name === SELF)
    })
    this.#commitAll(gone.map(({ key }) => ({ kind: 'delete', keys: { kind: 'key', key } })))
    tables.marks.forget(dir)
    return rows.length < STEP_ENTRIES_MAX ? undefined : `${rows.at(-1)?.key ?? ''}\0`
  }

  #commitAll(operations: readonly Operation[]): void {
    for (let at = 0; at < operations.length; at += OPERATIONS_PER_COMMIT) {
      const then = operations.slice(at, at + OPERATIONS_PER_COMMIT)
      this.#parts.tables.marks.committing(() => this.#parts.tables.keyspace.commit({ then }))
    }
  }

  // Other work gets its turn.
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#parts.clock.sleep(1, signal)
  }
}

const NEVER = new AbortController().signal
const OPERATIONS_PER_COMMIT = 64
