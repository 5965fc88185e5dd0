import { LRUCache } from 'lru-cache'
import { atMost, type Clock, type Digest, textOf } from '#base'
import { cidText, type Dag, fileDag, symlinkDag } from '../content/cid.ts'
import { type DagEntry, type DirectoryDag, directoryDag } from '../content/directory.ts'
import { EMPTY_TREE, type Tree, type TreeShape } from '../content/shape.ts'
import { CID_CACHE_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { NodeRef } from './marks.ts'
import type { ManifestEntry, Recorded } from './node.ts'
import { Turns } from './turns.ts'
import { entriesOf } from './walk.ts'

/** The public name of something's content (`ipfs add -r -H`, profile unixfs-v1-2025), or why it has none. */
export type Cid = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string }

type Other = Pick<Recorded, 'kind' | 'content' | 'size' | 'target'>

type Found = { readonly ok: true; readonly dag: Dag } | { readonly ok: false; readonly reason: string }

/** Derives published forms from manifests. Those of directories are remembered by their manifest. */
export class Cids {
  readonly #store: ManifestStore
  readonly #shape: TreeShape
  readonly #clock: Clock
  readonly #known = new LRUCache<Digest, Found>(atMost(CID_CACHE_MAX))

  constructor(parts: { readonly store: ManifestStore; readonly shape: TreeShape; readonly clock: Clock }) {
    this.#store = parts.store
    this.#shape = parts.shape
    this.#clock = parts.clock
  }

  ofFile(tree: Tree): Cid {
    return { ok: true, text: cidText(fileDag(this.#shape, tree)) }
  }

  /** Of anything but a directory. */
  ofOther(inode: Other): Cid {
    return cidOf(this.#dagOfOther(inode))
  }

  /** Reads what has no remembered form. Faults: those of reading manifests; aborting ends it. */
  async ofDirectory(ref: NodeRef, signal: AbortSignal): Promise<Cid> {
    return cidOf(await this.#dagOfDirectory(ref, new Turns(this.#clock, signal)))
  }

  async #dagOfDirectory(ref: NodeRef, turns: Turns): Promise<Found> {
    const known = this.#known.get(ref.digest)
    if (known !== undefined) return known
    const found = await this.#derive(ref, turns)
    this.#known.set(ref.digest, found)
    return found
  }

  async #derive(ref: NodeRef, turns: Turns): Promise<Found> {
    const entries: DagEntry[] = []
    for await (const entry of entriesOf(this.#store, await this.#store.directory(ref))) {
      await turns.next()
      const below = await this.#dagOf(entry, turns)
      if (!below.ok) return { ok: false, reason: `${textOf(entry.name)}: ${below.reason}` }
      entries.push({ name: entry.name, dag: below.dag })
    }
    const made: DirectoryDag = directoryDag(entries)
    return made.ok ? made : { ok: false, reason: made.message }
  }

  #dagOf(entry: ManifestEntry, turns: Turns): Found | Promise<Found> {
    return entry.kind === 'directory' ? this.#dagOfDirectory(entry.node, turns) : this.#dagOfOther(entry.inode)
  }

  #dagOfOther({ kind, content, size, target }: Other): Found {
    if (kind === 'symlink') return { ok: true, dag: symlinkDag(target) }
    if (kind !== 'file') return { ok: false, reason: `a ${kind} has no CID` }
    const tree = content === undefined ? EMPTY_TREE : { digest: content.digest, size }
    return { ok: true, dag: fileDag(this.#shape, tree) }
  }
}

function cidOf(found: Found): Cid {
  return found.ok ? { ok: true, text: cidText(found.dag) } : found
}
