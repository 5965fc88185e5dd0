import { asBuffer, type Clock } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import { Reader } from '../client/reader.ts'
import type { Leaf } from '../content/read-leaves.ts'
import { EMPTY_TREE, leafBytes, leafCount, type Tree, type TreeShape } from '../content/shape.ts'
import type { TreeStore } from '../content/tree-store.ts'
import { updateTree } from '../content/update-tree.ts'
import { endOf } from '../extent.ts'
import { ExtentList } from '../extent-list.ts'
import { type Inode, inoOf, type SealedTree } from '../inode.ts'
import * as keys from '../keys.ts'
import { SEAL_IDLE_MS, SEAL_RETRY_MS, SEALS_AT_ONCE, SEALED_CHUNKS_PER_SYNC, SEALS_PER_TICK } from '../limits.ts'
import type { Content } from '../operation.ts'
import type { Ino } from '../vfs.ts'
import { Change } from './change.ts'
import type { Tables } from './tables.ts'

/** A seal under way: what the file was cut to meanwhile. */
interface Seal {
  cutBytes: number
  /** The content was replaced as a whole: the tree that is being built shows what is gone. */
  isVoid: boolean
  readonly treeBytes: number
  done: Promise<void>
}

/**
 * Moves overlay extents into sealed trees when a file has been left alone for a while, or when its overlay is long.
 * The tree is built beside ongoing writes: an extent that changed meanwhile stays in the overlay, above the new tree.
 */
export class Sealer {
  readonly #tables: Tables
  readonly #chunks: ChunkSource
  readonly #trees: TreeStore
  readonly #reader: Reader
  readonly #clock: Clock
  /** When each unsealed file was last written to, oldest first. */
  readonly #waiting = new Map<Ino, number>()
  /** When each file that could not be sealed last failed, oldest first. */
  readonly #failed = new Map<Ino, number>()
  readonly #seals = new Map<Ino, Seal>()

  constructor(parts: { tables: Tables; chunks: ChunkSource; trees: TreeStore; clock: Clock }) {
    this.#tables = parts.tables
    this.#chunks = parts.chunks
    this.#trees = parts.trees
    this.#reader = new Reader(parts.trees, parts.chunks)
    this.#clock = parts.clock
    for (const row of parts.tables.scan(keys.UNSEALED_PREFIX)) this.touched(inoOf(keys.inoOfMarkKey(row.key)))
  }

  /** The file was written to: its idle time begins anew. */
  touched(ino: Ino): void {
    this.forget(ino)
    this.#waiting.set(ino, this.#clock.monotonicMs())
  }

  /** The file was cut: a seal under way must not bring back what the cut hid. */
  cut(ino: Ino, size: number): void {
    const seal = this.#seals.get(ino)
    if (seal !== undefined) seal.cutBytes = Math.min(seal.cutBytes, size)
    this.touched(ino)
  }

  /** The file has another content as a whole: a seal under way must not bring the old one back. */
  replaced(ino: Ino): void {
    const seal = this.#seals.get(ino)
    if (seal !== undefined) seal.isVoid = true
    this.touched(ino)
  }

  /** Resolves when the seals under way have ended, however they ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(Array.from(this.#seals.values(), seal => seal.done))
  }

  /** Bytes of the tree that a seal under way will lay below the overlay; 0 when there is none. */
  pendingBytes(ino: Ino): number {
    return this.#seals.get(ino)?.treeBytes ?? 0
  }

  forget(ino: Ino): void {
    this.#waiting.delete(ino)
    this.#failed.delete(ino)
  }

  /**
   * Seals a few files that have been idle long enough; true when more wait. A file that cannot be sealed (what it keeps
   * of an old chunk cannot be read) holds up no other, and is tried again after a while. Faults: that of such a file.
   */
  async tick(signal: AbortSignal): Promise<boolean> {
    const nowMs = this.#clock.monotonicMs()
    for (const ino of olderThan(this.#failed, nowMs - SEAL_RETRY_MS)) this.touched(ino)
    const idle = olderThan(this.#waiting, nowMs - SEAL_IDLE_MS)
    const failures: unknown[] = []
    for (let at = 0; at < idle.length && !signal.aborted; at += SEALS_AT_ONCE) {
      await Promise.all(
        idle.slice(at, at + SEALS_AT_ONCE).map(ino =>
          this.seal(ino).catch(error => {
            this.#setAside(ino)
            failures.push(error)
          }),
        ),
      )
    }
    if (failures.length > 0) throw failures[0]
    return idle.length === SEALS_PER_TICK && !signal.aborted
  }

  #setAside(ino: Ino): void {
    if (!this.#waiting.delete(ino)) return
    this.#failed.set(ino, this.#clock.monotonicMs())
  }

  /** Seals every file that waits now. Faults: as {@link seal}. */
  async sealAll(signal: AbortSignal): Promise<void> {
    const waiting = [...this.#waiting.keys(), ...this.#failed.keys()]
    for (let at = 0; at < waiting.length; at += SEALS_AT_ONCE) {
      signal.throwIfAborted()
      await Promise.all(waiting.slice(at, at + SEALS_AT_ONCE).map(ino => this.seal(ino)))
    }
  }

  /** Seals one file; joins a seal that is under way. Faults: those of the chunk source; nothing has changed then. */
  seal(ino: Ino): Promise<void> {
    const running = this.#seals.get(ino)
    if (running !== undefined) return running.done
    const inode = this.#tables.inode(ino)
    if (inode === undefined || inode.kind !== 'file') {
      this.forget(ino)
      return Promise.resolve()
    }
    const seal: Seal = {
      cutBytes: Number.MAX_SAFE_INTEGER,
      isVoid: false,
      treeBytes: inode.size,
      done: Promise.resolve(),
    }
    this.#seals.set(ino, seal)
    seal.done = this.#run(inode, seal).finally(() => this.#seals.delete(ino))
    return seal.done
  }

  async #run(inode: Inode, seal: Seal): Promise<void> {
    const extents = this.#tables.extents(inode.ino)
    const { tree, usedBytes } = await this.treeOf(inode, extents)
    // The extents may be all that a power cut leaves, so the tree that replaces them must be safe before it is named.
    if (tree.digest !== inode.tree?.root) await this.#chunks.sync()
    const now = this.#tables.inode(inode.ino)
    if (now === undefined || seal.isVoid) return
    const change = new Change(this.#tables, undefined)
    const edited = change.editUnmarked(inode.ino)
    const visibleBytes = Math.min(tree.size, seal.cutBytes)
    edited.tree = visibleBytes === 0 ? undefined : { root: tree.digest, bytes: tree.size, visibleBytes, usedBytes }
    const left = change.dropExtents(inode.ino, extents)
    if (left === 0) {
      change.delete(keys.unsealedKey(inode.ino))
      this.forget(inode.ino)
    }
    change.commit()
  }

  /**
   * Builds the tree of a file as it was at one moment, and changes nothing. A cut tree is first built at the size it
   * was cut to, so that what the cut hid is gone before the file grows again.
   */
  async treeOf(inode: Inode, extents: ExtentList): Promise<{ tree: Tree; usedBytes: number }> {
    const { shape } = this.#trees
    const kept = await this.#cutTree(inode.tree)
    const leaves = new Map<number, Leaf>()
    for (const index of changedLeaves(kept.tree.size, inode.size, extents, shape)) {
      leaves.set(index, await this.#leaf(inode, extents, index))
      if (leaves.size % SEALED_CHUNKS_PER_SYNC === 0) await this.#chunks.sync()
    }
    const { tree, dataBytesDelta } = await updateTree(this.#trees, kept.tree, { size: inode.size, leaves })
    return { tree, usedBytes: kept.usedBytes + dataBytesDelta }
  }

  async #cutTree(sealed: SealedTree | undefined): Promise<{ tree: Tree; usedBytes: number }> {
    if (sealed === undefined) return { tree: EMPTY_TREE, usedBytes: 0 }
    const old: Tree = { digest: sealed.root, size: sealed.bytes }
    const size = sealed.visibleBytes
    if (size === old.size) return { tree: old, usedBytes: sealed.usedBytes }
    const index = leafCount(this.#trees.shape, size) - 1
    const leaf = await this.#assemble({ size, extents: ExtentList.none, tree: sealed }, index)
    const cut = await updateTree(this.#trees, old, { size, leaves: new Map([[index, leaf]]) })
    return { tree: cut.tree, usedBytes: sealed.usedBytes + cut.dataBytesDelta }
  }

  // A leaf that one whole chunk fills is that chunk; any other is put together from what lies over each other.
  async #leaf(inode: Inode, extents: ExtentList, index: number): Promise<Leaf> {
    const { shape } = this.#trees
    const bytes = leafBytes(shape, inode.size, index)
    const [first] = extents.within(index * shape.chunkBytes, index * shape.chunkBytes + bytes)
    const fills = first?.kind === 'chunk' && first.bytes === bytes && first.chunkOffset === 0
    if (fills && first.chunkBytes === bytes) return first.digest
    return this.#assemble({ size: inode.size, extents, tree: inode.tree }, index)
  }

  async #assemble(content: Content, index: number): Promise<Leaf> {
    const { shape } = this.#trees
    const leaf = new Uint8Array(leafBytes(shape, content.size, index))
    await this.#reader.read(content, index * shape.chunkBytes, leaf)
    return asBuffer(leaf).equals(zerosLike(leaf)) ? 'hole' : this.#chunks.put(leaf)
  }
}

// The first few of those whose time, in a map that is sorted by it, is not after the given one.
function olderThan(times: ReadonlyMap<Ino, number>, beforeMs: number): Ino[] {
  const found: Ino[] = []
  for (const [ino, timeMs] of times) {
    if (timeMs > beforeMs || found.length === SEALS_PER_TICK) break
    found.push(ino)
  }
  return found
}

/** Leaves that differ from the kept tree: those below extents, and the partial last one when the file grows. */
function changedLeaves(keptBytes: number, size: number, extents: ExtentList, shape: TreeShape): Set<number> {
  const changed = new Set<number>()
  if (keptBytes < size && keptBytes % shape.chunkBytes !== 0) changed.add(Math.floor(keptBytes / shape.chunkBytes))
  for (const extent of extents) {
    const last = Math.floor((Math.min(endOf(extent), size) - 1) / shape.chunkBytes)
    for (let index = Math.floor(extent.offset / shape.chunkBytes); index <= last; index++) changed.add(index)
  }
  return changed
}

function zerosLike(bytes: Uint8Array): Uint8Array {
  if (zeros.byteLength < bytes.byteLength) zeros = new Uint8Array(bytes.byteLength)
  return zeros.subarray(0, bytes.byteLength)
}

let zeros = new Uint8Array(0)
