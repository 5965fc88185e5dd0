import { type Awaitable, andThen, type ByteString } from '#base'
import type { ManifestStore } from './manifest-store.ts'
import type { NodeRef } from './marks.ts'
import type { DirectoryNode, ManifestEntry, PageRef } from './node.ts'

/** The entry of a name; reads one page and the index above it. */
export function findEntry(
  store: ManifestStore,
  node: DirectoryNode,
  name: ByteString,
): Awaitable<ManifestEntry | undefined> {
  const { items } = node
  return 'refs' in items ? findBelow(store, items, name) : items.entries.find(entry => entry.name === name)
}

/** Entries from number `first` on, to the end of a page: none at the end of the directory. */
export function entriesFrom(
  store: ManifestStore,
  node: DirectoryNode,
  first: number,
): Awaitable<readonly ManifestEntry[]> {
  const { items } = node
  return 'refs' in items ? pageFrom(store, items, first) : items.entries.slice(first)
}

/** All entries of a directory by name. */
export async function* entriesOf(store: ManifestStore, node: DirectoryNode): AsyncGenerator<ManifestEntry> {
  for (let at = 0; at < node.count; ) {
    const entries = await entriesFrom(store, node, at)
    yield* entries
    at += entries.length
  }
}

/** What a path leads to: an entry, or a directory of which only the node is known. */
export type PathEntry = ManifestEntry | { readonly kind: 'directory'; readonly node: NodeRef }

/** What a path below a directory leads to; `[]` is the directory itself, of which only the node is known. */
export async function findPath(
  store: ManifestStore,
  root: NodeRef,
  names: readonly ByteString[],
): Promise<PathEntry | undefined> {
  let found: PathEntry = { kind: 'directory', node: root }
  for (const name of names) {
    if (found.kind !== 'directory') return undefined
    const entry: ManifestEntry | undefined = await findEntry(store, await store.directory(found.node), name)
    if (entry === undefined) return undefined
    found = entry
  }
  return found
}

interface Refs {
  readonly height: number
  readonly refs: readonly PageRef[]
}

function findBelow(
  store: ManifestStore,
  { height, refs }: Refs,
  name: ByteString,
): Awaitable<ManifestEntry | undefined> {
  const ref = refs[lastBeginningBefore(refs, name)]
  if (ref === undefined) return undefined
  if (height === 1) return andThen(store.page(ref), entries => entries.find(entry => entry.name === name))
  return andThen(store.index(ref), below => findBelow(store, { height: height - 1, refs: below }, name))
}

function lastBeginningBefore(refs: readonly PageRef[], name: ByteString): number {
  let low = 0
  let high = refs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const first = refs[middle]?.first
    if (first !== undefined && first <= name) low = middle + 1
    else high = middle
  }
  return low - 1
}

function pageFrom(store: ManifestStore, { height, refs }: Refs, first: number): Awaitable<readonly ManifestEntry[]> {
  let skip = first
  for (const ref of refs) {
    if (skip < ref.count) {
      if (height === 1) return andThen(store.page(ref), entries => entries.slice(skip))
      return andThen(store.index(ref), below => pageFrom(store, { height: height - 1, refs: below }, skip))
    }
    skip -= ref.count
  }
  return []
}
