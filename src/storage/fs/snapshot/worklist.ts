import type { ByteString } from '#base'
import type { Tables } from '../home/tables.ts'
import { inoOf, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Ino } from '../vfs.ts'
import { MARK_ALL, SELF } from './marks.ts'

/** Every name of a directory. */
export const ALL = Symbol('all names')

/** A directory whose manifest has to be made anew: all of it, or these names. */
export interface Work {
  readonly dir: Ino
  readonly names: ReadonlySet<ByteString> | typeof ALL
}

/** Directories to be looked at, the deepest first: a directory comes after all that hang below it. */
export class Worklist {
  readonly #tables: Tables
  readonly #names = new Map<Ino, Set<ByteString> | typeof ALL>()
  readonly #byDepth: Set<Ino>[] = []
  /** Marked directories that are in the tree no longer. */
  readonly detached = new Set<Ino>()

  constructor(tables: Tables) {
    this.#tables = tables
    if (tables.marks.manifest(ROOT_INO) === undefined) this.want(ROOT_INO, ALL)
  }

  /** Takes marks behind a key, at most `limit`; answers where to go on, undefined at the end. */
  collect(after: ByteString, limit?: number): ByteString | undefined {
    const range = { kind: 'range', start: `${after}\0`, end: MARKS_END } as const
    const { entries } = this.#tables.keyspace.rangeNow({ keys: range, limit })
    for (const row of entries) {
      const [dir, name] = [inoOf(keys.inoOfMarkKey(row.key)), keys.nameOfMarkKey(row.key)]
      this.want(dir, name === SELF && row.value[0] === MARK_ALL[0] ? ALL : name)
    }
    return limit !== undefined && entries.length === limit ? entries.at(-1)?.key : undefined
  }

  want(dir: Ino, name: ByteString | typeof ALL): void {
    const known = this.#names.get(dir)
    if (known === ALL) return
    if (known !== undefined && name !== ALL) {
      known.add(name)
      return
    }
    if (known === undefined) {
      const depth = this.#depthOf(dir)
      if (depth === undefined) {
        this.detached.add(dir)
        return
      }
      while (this.#byDepth.length <= depth) this.#byDepth.push(new Set())
      this.#byDepth[depth]?.add(dir)
    }
    this.#names.set(dir, name === ALL ? ALL : new Set([name]))
  }

  /** The next directory; it stays until {@link finish}. */
  next(): Work | undefined {
    while (this.#byDepth.at(-1)?.size === 0) this.#byDepth.pop()
    const [dir] = this.#byDepth.at(-1) ?? []
    return dir === undefined ? undefined : { dir, names: this.#names.get(dir) ?? ALL }
  }

  /** A directory has been read: the one that holds it is next. */
  finish(dir: Ino): void {
    this.#names.delete(dir)
    for (const set of this.#byDepth) set.delete(dir)
    const inode = this.#tables.inode(dir)
    if (inode === undefined || dir === ROOT_INO || inode.parent === 0) return
    const parent = inoOf(inode.parent)
    const [place] = this.#tables.marks.placesOf(inode)
    const name = place === undefined ? undefined : this.#tables.marks.nameAt(parent, place.cookie)
    if (name !== undefined) this.want(parent, name)
  }

  #depthOf(dir: Ino): number | undefined {
    let depth = 0
    for (let ino = dir; ino !== ROOT_INO; depth++) {
      const inode = this.#tables.inode(ino)
      if (inode === undefined || inode.kind !== 'directory' || inode.parent === 0) return undefined
      ino = inoOf(inode.parent)
    }
    return depth
  }
}

const MARKS_END = String.fromCharCode(keys.MARK_PREFIX.charCodeAt(0) + 1)
