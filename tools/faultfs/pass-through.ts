import fs from 'node:fs'
import { type ByteString, byteString, isSystemError, textOf } from '#base'
import {
  type Answer,
  type AttributeChange,
  type Attributes,
  type Cookie,
  type DirectoryPlace,
  ERRNO,
  type Errno,
  type FileKind,
  type Ino,
  type ListOptions,
  type NewNode,
  type RenameMode,
  ROOT_INO,
  type StatFs,
  type Vfs,
} from '#storage/fs'
import type { FaultRules, FaultyCall } from './rules.ts'

/**
 * A folder of the machine as a filesystem whose calls fail as the rules say. It has what databases and logs need:
 * files, folders and renames; hard links, special files, attributes beyond size and mode are refused by EOPNOTSUPP.
 */
export class PassThrough implements Vfs {
  readonly ttlMs = 1000
  readonly #rules: FaultRules
  readonly #paths = new Map<Ino, string>()
  readonly #inos = new Map<string, Ino>()
  readonly #open = new Map<Ino, { readonly fd: number; count: number }>()
  #lastIno = 1

  constructor(folder: string, rules: FaultRules) {
    this.#rules = rules
    this.#folder = folder
    this.#paths.set(ROOT_INO, '')
    this.#inos.set('', ROOT_INO)
  }
  readonly #folder: string

  request(): void {}
  forget(): void {}
  release(ino: Ino): void {
    const open = this.#open.get(ino)
    if (open === undefined) return
    open.count -= 1
    if (open.count > 0) return
    fs.closeSync(open.fd)
    this.#open.delete(ino)
  }

  lookup(parent: Ino, name: ByteString): Answer<Attributes> {
    return this.#try(() => this.#attributesAt(this.#below(parent, name)))
  }

  attributes(ino: Ino): Answer<Attributes> {
    const open = this.#open.get(ino)
    return this.#try(() => attributesOf(ino, open === undefined ? this.#stat(ino) : fs.fstatSync(open.fd, BIG)))
  }

  setAttributes(ino: Ino, { size, mode }: AttributeChange): Answer<Attributes> {
    return this.#try(() => {
      if (size !== undefined) {
        this.#check('truncate', ino)
        this.#withFd(ino, fd => fs.ftruncateSync(fd, size))
      }
      if (mode !== undefined) fs.chmodSync(this.#at(ino), mode)
      return attributesOf(ino, this.#stat(ino))
    })
  }

  make(parent: Ino, name: ByteString, { kind, mode }: NewNode): Answer<Attributes> {
    if (kind !== 'file' && kind !== 'directory') return ERRNO.EOPNOTSUPP
    const path = this.#below(parent, name)
    return this.#try(() => {
      this.#checkPath('make', path)
      if (kind === 'directory') fs.mkdirSync(this.#folder + path, mode)
      else fs.closeSync(fs.openSync(this.#folder + path, 'wx', mode))
      return this.#attributesAt(path)
    })
  }

  remove(parent: Ino, name: ByteString, what: 'file' | 'directory'): Answer<void> {
    const path = this.#below(parent, name)
    return this.#try(() => {
      this.#checkPath('remove', path)
      if (what === 'file') fs.unlinkSync(this.#folder + path)
      else fs.rmdirSync(this.#folder + path)
      this.#forgetPath(path)
    })
  }

  rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode): Answer<void> {
    if (mode !== 'replace') return ERRNO.EINVAL
    const [old, fresh] = [this.#below(from.parent, from.name), this.#below(to.parent, to.name)]
    return this.#try(() => {
      fs.renameSync(this.#folder + old, this.#folder + fresh)
      this.#forgetPath(fresh)
      for (const [path, ino] of this.#inos) {
        if (path !== old && !path.startsWith(`${old}/`)) continue
        this.#inos.delete(path)
        this.#name(ino, fresh + path.slice(old.length))
      }
    })
  }

  open(ino: Ino, { truncate }: { readonly truncate: boolean }): Answer<void> {
    return this.#try(() => {
      const open = this.#open.get(ino) ?? { fd: this.#openFile(ino), count: 0 }
      open.count += 1
      this.#open.set(ino, open)
      if (truncate) fs.ftruncateSync(open.fd, 0)
    })
  }

  sync(ino: Ino): Answer<void> {
    return this.#try(() => {
      this.#check('sync', ino)
      this.#withFd(ino, fd => fs.fdatasyncSync(fd))
    })
  }

  read(ino: Ino, offset: number, into: Uint8Array): Answer<{ readonly bytes: number }> {
    return this.#try(() => {
      this.#check('read', ino)
      return { bytes: this.#withFd(ino, fd => fs.readSync(fd, into, 0, into.byteLength, offset)) }
    })
  }

  write(ino: Ino, offset: number, bytes: Uint8Array, { append }: { readonly append: boolean }): Answer<void> {
    return this.#try(() => {
      this.#check('write', ino)
      this.#withFd(ino, fd => {
        let at = append ? fs.fstatSync(fd).size : offset
        for (let done = 0; done < bytes.byteLength; ) {
          const count = fs.writeSync(fd, bytes, done, bytes.byteLength - done, at)
          done += count
          at += count
        }
      })
    })
  }

  list(ino: Ino, after: Cookie, { take }: ListOptions): Answer<void> {
    return this.#try(() => {
      const entries = fs.readdirSync(this.#at(ino), { withFileTypes: true, encoding: 'buffer' })
      const dots = ['.', '..'].map(name => ({ name, ino, kind: 'directory' as const, path: '' }))
      const rows = entries.map(entry => {
        const name = byteString(entry.name)
        return { name, ino: this.#inoOf(this.#below(ino, name)), kind: kindOf(entry), path: this.#below(ino, name) }
      })
      for (const [index, row] of [...dots, ...rows].entries()) {
        if (index < after) continue
        const attributes = row.path === '' ? undefined : this.#attributesAt(row.path)
        if (!take({ name: row.name, ino: row.ino, kind: row.kind, cookie: cookieOf(index + 1), attributes })) return
      }
    })
  }

  statFs(): Answer<StatFs> {
    const { bsize, blocks, bavail, files, ffree } = fs.statfsSync(this.#folder)
    return { blockBytes: bsize, blocks, blocksFree: bavail, files, filesFree: ffree, nameBytesMax: 255 }
  }

  flush(): void {}
  settle(): void {}
  makeUnnamed = refuse
  link = refuse
  readLink = refuse
  allocate = refuse
  copyRange = refuse
  seek = refuse
  getLock = refuse
  setLock = refuse
  mustFlush = () => false
  setXattr = refuse
  removeXattr = refuse
  getXattr = (): Errno => ERRNO.ENODATA
  listXattr = (): Answer<readonly ByteString[]> => []
  onInvalidation = () => () => {}

  #try<Value>(call: () => Value): Answer<Value> {
    try {
      return call()
    } catch (error) {
      if (!isSystemError(error)) throw error
      return Object.hasOwn(ERRNO, error.code ?? '') ? ERRNO[error.code as keyof typeof ERRNO] : ERRNO.EIO
    }
  }

  #check(call: FaultyCall, ino: Ino): void {
    this.#checkPath(call, this.#paths.get(ino) ?? '')
  }

  #checkPath(call: FaultyCall, path: string): void {
    const code = this.#rules.faultOf(call, path.slice(1))
    if (code !== undefined) throw Object.assign(new Error(`${code}: a fault was asked for`), { code, errno: 0 })
  }

  #below(parent: Ino, name: ByteString): string {
    return `${this.#paths.get(parent) ?? ''}/${textOf(name)}`
  }

  #at(ino: Ino): string {
    return this.#folder + (this.#paths.get(ino) ?? '')
  }

  #stat(ino: Ino): fs.BigIntStats {
    return fs.statSync(this.#at(ino), BIG)
  }

  #attributesAt(path: string): Attributes {
    const stats = fs.statSync(this.#folder + path, BIG)
    return attributesOf(this.#inoOf(path), stats)
  }

  // Numbers of our own: those of the disk come again as soon as a file is gone.
  #inoOf(path: string): Ino {
    const known = this.#inos.get(path)
    if (known !== undefined) return known
    this.#lastIno += 1
    return this.#name(inoOf(this.#lastIno), path)
  }

  #name(ino: Ino, path: string): Ino {
    this.#inos.set(path, ino)
    this.#paths.set(ino, path)
    return ino
  }

  // What is open keeps its path, for the rules.
  #forgetPath(path: string): void {
    const ino = this.#inos.get(path)
    this.#inos.delete(path)
    if (ino !== undefined && !this.#open.has(ino)) this.#paths.delete(ino)
  }

  #withFd<Value>(ino: Ino, use: (fd: number) => Value): Value {
    const open = this.#open.get(ino)
    if (open !== undefined) return use(open.fd)
    const fd = this.#openFile(ino)
    try {
      return use(fd)
    } finally {
      fs.closeSync(fd)
    }
  }

  #openFile(ino: Ino): number {
    const isFolder = this.#stat(ino).isDirectory()
    return fs.openSync(this.#at(ino), isFolder ? fs.constants.O_RDONLY : fs.constants.O_RDWR)
  }
}

const BIG = { bigint: true } as const

function refuse(): Errno {
  return ERRNO.EOPNOTSUPP
}

function inoOf(number: number): Ino {
  return number as Ino
}

function cookieOf(number: number): Cookie {
  return number as Cookie
}

function kindOf(entry: { isDirectory(): boolean }): FileKind {
  return entry.isDirectory() ? 'directory' : 'file'
}

function attributesOf(ino: Ino, stats: fs.BigIntStats): Attributes {
  return {
    ino,
    kind: kindOf(stats),
    mode: Number(stats.mode) & 0o7777,
    nlink: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    rdev: 0,
    size: Number(stats.size),
    blocks: Number(stats.blocks),
    atimeNs: stats.atimeNs,
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    btimeNs: stats.birthtimeNs,
    hasXattrs: false,
  }
}
