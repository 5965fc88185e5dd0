import { ERRNO, type Errno, type FileKind } from '#storage/fs'

/** A file as POSIX has it; content, size and mode of regular files are in {@link FileHistory}. */
export interface Node {
  readonly ino: number
  readonly kind: FileKind
  mode: number
  nlink: number
  /** Directory: names in it. */
  readonly names: Map<string, number>
  parent: number
  readonly xattrs: Map<string, Buffer>
  readonly target: string
}

export interface Place {
  readonly parent: number
  readonly name: string
}

/** A change of names or attributes, each one atomic. */
export type TreeChange =
  | { readonly kind: 'make'; readonly at: Place | undefined; readonly ino: number; readonly node: NewNode }
  | { readonly kind: 'link'; readonly ino: number; readonly at: Place }
  | { readonly kind: 'remove'; readonly at: Place; readonly what: 'file' | 'directory' }
  | {
      readonly kind: 'rename'
      readonly from: Place
      readonly to: Place
      readonly mode: 'replace' | 'noReplace' | 'exchange'
    }
  | { readonly kind: 'setXattr'; readonly ino: number; readonly name: string; readonly value: Buffer }
  | { readonly kind: 'removeXattr'; readonly ino: number; readonly name: string }
  | { readonly kind: 'chmod'; readonly ino: number; readonly mode: number }

export interface NewNode {
  readonly kind: FileKind
  /** After the umask. */
  readonly mode: number
  readonly target: string
}

const ROOT = 1

/** The names and attributes of a filesystem as POSIX says they must be. */
export class Tree {
  readonly nodes = new Map<number, Node>()

  constructor(from?: Tree) {
    for (const node of from?.nodes.values() ?? [emptyNode(ROOT, { kind: 'directory', mode: 0o755, target: '' })]) {
      this.nodes.set(node.ino, { ...node, names: new Map(node.names), xattrs: new Map(node.xattrs) })
    }
  }

  at(place: Place): Node | undefined {
    const ino = this.nodes.get(place.parent)?.names.get(place.name)
    return ino === undefined ? undefined : this.nodes.get(ino)
  }

  /** The error the change must answer; undefined when it must be done. */
  refusal(change: TreeChange): Errno | undefined {
    switch (change.kind) {
      case 'make':
        return change.at === undefined ? undefined : this.#cannotAdd(change.at)
      case 'link':
        return this.#cannotLink(change.ino, change.at)
      case 'remove':
        return this.#cannotRemove(change.at, change.what)
      case 'rename':
        return this.#cannotRename(change)
      case 'removeXattr':
        return this.nodes.get(change.ino)?.xattrs.has(change.name) === true ? undefined : ERRNO.ENODATA
      default:
        return this.nodes.has(change.ino) ? undefined : ERRNO.ENOENT
    }
  }

  /** Does a change that is not refused. */
  apply(change: TreeChange): void {
    switch (change.kind) {
      case 'make':
        return this.#make(change)
      case 'link':
        return this.#setName(change.at, this.#node(change.ino))
      case 'remove':
        return this.#dropName(change.at)
      case 'rename':
        return this.#rename(change)
      case 'setXattr':
        return void this.#node(change.ino).xattrs.set(change.name, change.value)
      case 'removeXattr':
        return void this.#node(change.ino).xattrs.delete(change.name)
      case 'chmod':
        this.#node(change.ino).mode = change.mode
    }
  }

  /** Forgets files without a name that nobody holds. */
  dropOrphans(isHeld: (ino: number) => boolean): void {
    for (const { ino, nlink } of this.nodes.values()) if (nlink === 0 && !isHeld(ino)) this.nodes.delete(ino)
  }

  #make(change: Extract<TreeChange, { kind: 'make' }>): void {
    const node = emptyNode(change.ino, change.node)
    this.nodes.set(node.ino, node)
    if (change.at === undefined) node.nlink = 0
    else this.#setName(change.at, node)
  }

  #rename({ from, to, mode }: Extract<TreeChange, { kind: 'rename' }>): void {
    const source = this.at(from)
    const target = this.at(to)
    if (source === undefined || source === target) return
    if (mode === 'exchange' && target !== undefined) {
      this.#dropName(from)
      this.#dropName(to)
      this.#setName(from, target)
      this.#setName(to, source)
      return
    }
    if (target !== undefined) this.#dropName(to)
    this.#dropName(from)
    this.#setName(to, source)
  }

  #setName(place: Place, node: Node): void {
    const directory = this.#node(place.parent)
    directory.names.set(place.name, node.ino)
    if (node.kind === 'directory') {
      node.parent = place.parent
      node.nlink = 2 + directoriesIn(this, node)
      directory.nlink += 1
    } else {
      node.nlink += 1
    }
  }

  #dropName(place: Place): void {
    const directory = this.#node(place.parent)
    const node = this.at(place)
    if (node === undefined) return
    directory.names.delete(place.name)
    if (node.kind === 'directory') directory.nlink -= 1
    node.nlink = node.kind === 'directory' ? 0 : node.nlink - 1
  }

  #node(ino: number): Node {
    const node = this.nodes.get(ino)
    if (node === undefined) throw new Error(`the model has no inode ${ino}`)
    return node
  }

  #cannotAdd(place: Place): Errno | undefined {
    return this.#badDirectory(place.parent) ?? (this.at(place) === undefined ? undefined : ERRNO.EEXIST)
  }

  #badDirectory(ino: number): Errno | undefined {
    const node = this.nodes.get(ino)
    if (node === undefined) return ERRNO.ENOENT
    if (node.kind !== 'directory') return ERRNO.ENOTDIR
    return node.nlink === 0 ? ERRNO.ENOENT : undefined
  }

  #cannotLink(ino: number, at: Place): Errno | undefined {
    const node = this.nodes.get(ino)
    if (node === undefined) return ERRNO.ENOENT
    return this.#cannotAdd(at) ?? (node.kind === 'directory' ? ERRNO.EPERM : undefined)
  }

  #cannotRemove(place: Place, what: 'file' | 'directory'): Errno | undefined {
    const bad = this.#badDirectory(place.parent)
    if (bad !== undefined) return bad
    const node = this.at(place)
    if (node === undefined) return ERRNO.ENOENT
    if (what === 'file') return node.kind === 'directory' ? ERRNO.EISDIR : undefined
    if (node.kind !== 'directory') return ERRNO.ENOTDIR
    return node.names.size > 0 ? ERRNO.ENOTEMPTY : undefined
  }

  #cannotRename({ from, to, mode }: Extract<TreeChange, { kind: 'rename' }>): Errno | undefined {
    const bad = this.#badDirectory(from.parent) ?? this.#badDirectory(to.parent)
    if (bad !== undefined) return bad
    const source = this.at(from)
    const target = this.at(to)
    if (source === undefined) return ERRNO.ENOENT
    if (mode === 'noReplace' && target !== undefined) return ERRNO.EEXIST
    if (mode === 'exchange' && target === undefined) return ERRNO.ENOENT
    if (source === target) return undefined
    if (this.#isBelow(to.parent, source)) return ERRNO.EINVAL
    if (mode === 'exchange' && target !== undefined)
      return this.#isBelow(from.parent, target) ? ERRNO.EINVAL : undefined
    return target === undefined ? undefined : this.#cannotRemove(to, source.kind === 'directory' ? 'directory' : 'file')
  }

  #isBelow(ino: number, above: Node): boolean {
    if (above.kind !== 'directory') return false
    for (let at = ino; at !== ROOT && at !== 0; at = this.nodes.get(at)?.parent ?? 0) if (at === above.ino) return true
    return false
  }
}

function emptyNode(ino: number, { kind, mode, target }: NewNode): Node {
  const isDirectory = kind === 'directory'
  return { ino, kind, mode, nlink: isDirectory ? 2 : 0, names: new Map(), parent: ROOT, xattrs: new Map(), target }
}

function directoriesIn(tree: Tree, node: Node): number {
  let count = 0
  for (const ino of node.names.values()) if (tree.nodes.get(ino)?.kind === 'directory') count += 1
  return count
}
