import { asBuffer, type ByteString } from '#base'
import type { FileKind } from '../vfs.ts'
import { descendLater, type LaterSteps } from './descend.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { NodeRef } from './marks.ts'
import { type DirectoryNode, isRef, type ManifestEntry, type Recorded, type Xattrs } from './node.ts'
import type { Turns } from './turns.ts'
import { entriesOf } from './walk.ts'

/** One path that differs between two snapshots. A moved file is removed in one place and added in the other. */
export interface Difference {
  /** Names with `/` between them; empty for the root. */
  readonly path: ByteString
  readonly kind: FileKind
  readonly change: 'added' | 'removed' | 'content' | 'metadata'
}

/**
 * What differs from `before` to `after`, by path, what holds others before what it holds. Only subtrees and pages that
 * differ are read. Access, change and birth times and link counts are no difference.
 */
export async function* diffTrees(
  store: ManifestStore,
  { before, after }: { readonly before: NodeRef; readonly after: NodeRef },
  turns: Turns,
): AsyncGenerator<Difference> {
  yield* descendLater(new Differ(store, turns).directories('', before, after))
}

class Differ {
  readonly #store: ManifestStore
  readonly #turns: Turns

  constructor(store: ManifestStore, turns: Turns) {
    this.#store = store
    this.#turns = turns
  }

  async *directories(path: ByteString, beforeRef: NodeRef, afterRef: NodeRef): LaterSteps<Difference> {
    if (beforeRef.digest === afterRef.digest) return
    const [before, after] = [await this.#store.directory(beforeRef), await this.#store.directory(afterRef)]
    if (!sameMetadata(before.self, after.self)) yield { path, kind: 'directory', change: 'metadata' }
    for await (const [old, now] of this.#pairs(before, after)) {
      await this.#turns.next()
      const name = old?.name ?? now?.name ?? ''
      yield this.#entries(path === '' ? name : `${path}/${name}`, old, now)
    }
  }

  async *#entries(
    path: ByteString,
    old: ManifestEntry | undefined,
    now: ManifestEntry | undefined,
  ): LaterSteps<Difference> {
    if (old?.kind === 'directory' && now?.kind === 'directory') {
      yield this.directories(path, old.node, now.node)
    } else if (old !== undefined && now !== undefined && old.kind === now.kind) {
      if (old.kind === 'directory' || now.kind === 'directory') return
      if (!sameContent(old.inode, now.inode)) yield { path, kind: now.kind, change: 'content' }
      else if (!sameMetadata(old.inode, now.inode)) yield { path, kind: now.kind, change: 'metadata' }
    } else {
      if (old !== undefined) yield this.#whole(path, old, 'removed')
      if (now !== undefined) yield this.#whole(path, now, 'added')
    }
  }

  async *#whole(path: ByteString, entry: ManifestEntry, change: 'added' | 'removed'): LaterSteps<Difference> {
    await this.#turns.next()
    yield { path, kind: entry.kind, change }
    if (entry.kind !== 'directory') return
    const node = await this.#store.directory(entry.node)
    for await (const below of entriesOf(this.#store, node)) yield this.#whole(`${path}/${below.name}`, below, change)
  }

  // Both lists side by side by name, without the pages that are in both.
  async *#pairs(
    before: DirectoryNode,
    after: DirectoryNode,
  ): AsyncGenerator<readonly [ManifestEntry | undefined, ManifestEntry | undefined]> {
    const [oldPages, newPages] = [await this.#store.pages(before), await this.#store.pages(after)]
    const known = new Set(oldPages.map(ref => ref.digest))
    const shared = new Set(newPages.map(ref => ref.digest).filter(digest => known.has(digest)))
    const olds = this.#unshared(before, shared)
    const news = this.#unshared(after, shared)
    let [old, now] = [await nextOf(olds), await nextOf(news)]
    while (old !== undefined || now !== undefined) {
      const isOld = old !== undefined && (now === undefined || old.name <= now.name)
      const isNew = now !== undefined && (old === undefined || now.name <= old.name)
      yield [isOld ? old : undefined, isNew ? now : undefined]
      if (isOld) old = await nextOf(olds)
      if (isNew) now = await nextOf(news)
    }
  }

  async *#unshared(node: DirectoryNode, shared: ReadonlySet<string>): AsyncGenerator<ManifestEntry> {
    if (!('refs' in node.items)) {
      yield* node.items.entries
      return
    }
    for (const ref of await this.#store.pages(node)) if (!shared.has(ref.digest)) yield* await this.#store.page(ref)
  }
}

async function nextOf(entries: AsyncGenerator<ManifestEntry>): Promise<ManifestEntry | undefined> {
  const { value, done } = await entries.next()
  return done === true ? undefined : value
}

function sameContent(a: Recorded, b: Recorded): boolean {
  return a.size === b.size && a.content?.digest === b.content?.digest && a.target === b.target && a.rdev === b.rdev
}

function sameMetadata(a: Recorded, b: Recorded): boolean {
  const same = a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.mtimeNs === b.mtimeNs
  return same && sameXattrs(a.xattrs, b.xattrs)
}

function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  if (a === undefined || b === undefined) return a === b
  if (isRef(a) || isRef(b)) return isRef(a) && isRef(b) && a.digest === b.digest
  return (
    a.length === b.length && a.every((xattr, i) => xattr.name === b[i]?.name && sameValue(xattr.value, b[i]?.value))
  )
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return asBuffer(a).equals(b)
  return isRef(a) && isRef(b) && a.digest === b.digest
}
