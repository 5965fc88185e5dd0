import type { Awaitable, Brand, ByteString } from '#base'
import type { Errno } from './errno.ts'
import type { HeldLock, LockRequest } from './lock.ts'

/** Inode number: names a file for as long as the filesystem exists; never used again. The root is 1. */
export type Ino = Brand<number, 'Ino'>

/** A place in a directory that stays valid across restarts and concurrent change; 0 is the beginning. Below 2^53. */
export type Cookie = Brand<number, 'Cookie'>

export type FileKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'charDevice' | 'blockDevice'

/** What stat(2) shows. Times are nanoseconds since 1970. */
export interface Attributes {
  readonly ino: Ino
  readonly kind: FileKind
  /** Permission, setuid, setgid and sticky bits: `st_mode & 07777`. */
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  /** Device number of devices (the kernel's new_encode_dev), else 0. */
  readonly rdev: number
  readonly size: number
  /** Space used, in units of 512 bytes. */
  readonly blocks: number
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly btimeNs: bigint
  /** False when it has no extended attributes; ACLs are some. */
  readonly hasXattrs: boolean
  /** A home elsewhere will say otherwise in a moment: no kernel keeps it. */
  readonly isPassing?: true | undefined
}

/**
 * Who asks. Permission bits and ACLs are checked by the kernel of the asking machine (default_permissions), and again by a home
 * on another machine.
 */
export interface Caller {
  readonly uid: number
  readonly gid: number
  /** Further groups; read only when somebody else has to know. */
  readonly groups?: readonly number[] | undefined
  /** File mode creation mask of the process; applied where no default ACL takes its place. */
  readonly umask: number
}

/** What normal traffic answers: the value, or the system error number that read(2) and friends would set. */
export type Answer<Value> = Value | Errno
/** An answer that is there at once or later. */
export type Reply<Value> = Awaitable<Answer<Value>>

export interface NewNode {
  readonly kind: FileKind
  /** Permission bits before the umask. */
  readonly mode: number
  readonly rdev?: number | undefined
  /** Target of a symlink. */
  readonly target?: ByteString | undefined
}

/** A time to set: now by the home's clock, or given. */
export type TimeChange = 'now' | bigint

export interface AttributeChange {
  readonly mode?: number | undefined
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  readonly size?: number | undefined
  readonly atime?: TimeChange | undefined
  readonly mtime?: TimeChange | undefined
  readonly ctime?: TimeChange | undefined
  /** Clear setuid, setgid and file capabilities, as a write or truncate by an ordinary user does. */
  readonly killPrivileges?: boolean | undefined
}

export interface DirectoryEntry {
  readonly name: ByteString
  readonly ino: Ino
  readonly kind: FileKind
  /** Where reading goes on behind this entry. */
  readonly cookie: Cookie
  /** Filled when asked for; undefined for `.` and `..`. */
  readonly attributes: Attributes | undefined
}

export interface ReadOptions {
  /** O_NOATIME. */
  readonly keepAccessTime: boolean
}

export interface WriteOptions {
  /** O_APPEND: the offset is chosen where the file lives; `offset` is ignored. */
  readonly append: boolean
  readonly killPrivileges: boolean
}

export interface StatFs {
  readonly blockBytes: number
  readonly blocks: number
  readonly blocksFree: number
  readonly files: number
  readonly filesFree: number
  readonly nameBytesMax: number
}

/** Something changed other than through this mount; caches of it are stale. */
export type Invalidation =
  | { readonly kind: 'inode'; readonly ino: Ino }
  | { readonly kind: 'entry'; readonly parent: Ino; readonly name: ByteString }

/** renameat2(2) flags, named. */
export type RenameMode = 'replace' | 'noReplace' | 'exchange'

/** fallocate(2) modes spoken. `keepSize` reserves, `punch` and `zero` clear a range; `extend` may grow the file. */
export type AllocateMode = 'extend' | 'keepSize' | 'punch' | 'zero' | 'zeroKeepSize'

/**
 * A filesystem as a kernel, a door or a command uses it: the client half. Names are single path components (1 to 255
 * bytes, no `/`, no NUL). Methods never throw for what a program may do wrong; they answer an errno. A throw is our
 * bug or a broken disk, and doors answer EIO.
 */
export interface Vfs {
  /**
   * Numbers the request that the next changing call carries out, so that one which is sent again after a restart
   * (`resent`) is answered as it was the first time instead of being done twice; and says who asks. Without it, root does.
   */
  request(sequence: number, resent: boolean, caller?: Caller): void
  lookup(parent: Ino, name: ByteString): Reply<Attributes>
  /** The kernel has dropped the inode from its cache; an unlinked one can go. */
  forget(ino: Ino): void
  attributes(ino: Ino): Reply<Attributes>
  setAttributes(ino: Ino, change: AttributeChange, caller: Caller): Reply<Attributes>
  /** Makes a file, directory, symlink, fifo, socket or device. EEXIST when the name is taken. */
  make(parent: Ino, name: ByteString, node: NewNode, caller: Caller): Reply<Attributes>
  /** Makes an unnamed file in the filesystem of `parent` (O_TMPFILE). */
  makeUnnamed(parent: Ino, mode: number, caller: Caller): Reply<Attributes>
  link(ino: Ino, parent: Ino, name: ByteString): Reply<Attributes>
  /** `directory` says whether rmdir(2) or unlink(2) was called. */
  remove(parent: Ino, name: ByteString, what: 'file' | 'directory'): Reply<void>
  rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode): Reply<void>
  readLink(ino: Ino): Reply<ByteString>
  /** A file or directory is opened; `truncate` for O_TRUNC. */
  open(ino: Ino, options: OpenOptions): Reply<void>
  /**
   * close(2) of one descriptor: what was written starts on its way to durable copies, and what `owner` has locked by fcntl(2)
   * is given up. ENOSYS: nobody need call it. Without an owner locks are left alone.
   */
  flush(ino: Ino, owner?: string): Reply<void>
  /** The last descriptor of one open is gone, and with it what was locked through it. */
  release(ino: Ino, handle?: number): void
  /** A lock that keeps this one from being had; of another machine without its process. */
  getLock(ino: Ino, lock: LockRequest): Reply<HeldLock | undefined>
  /**
   * Takes a lock, or gives it up. EAGAIN when it cannot be had; with `wait` it waits then, until that is aborted (EINTR).
   * EDEADLK when the holder waits for this owner, ENOLCK when there are too many.
   */
  setLock(ino: Ino, lock: LockRequest, wait?: AbortSignal): Reply<void>
  /**
   * True when each close(2) of a file that is opened now must be told by `flush`: somebody elsewhere waits for what is written, or
   * the file is locked. Else `release` is enough, and what is locked later goes with the last descriptor only.
   */
  mustFlush(ino: Ino, access: 'read' | 'write'): boolean
  /** Resolves when everything written to the file before is stored, though perhaps not durable: it is read back from there. */
  settle(ino: Ino): Reply<void>
  /** Resolves when everything written to the file before is durable. `data` may leave times out. */
  sync(ino: Ino, what: 'data' | 'all'): Reply<void>
  /** Fills `into` from `offset`; answers how many bytes there were, less only at the end of the file. */
  read(ino: Ino, offset: number, into: Uint8Array, options?: ReadOptions): Reply<{ readonly bytes: number }>
  /** Takes all of `bytes`, which the caller may reuse once this has answered. */
  write(ino: Ino, offset: number, bytes: Uint8Array, options: WriteOptions): Reply<void>
  allocate(ino: Ino, mode: AllocateMode, offset: number, bytes: number): Reply<void>
  /** copy_file_range(2) by sharing chunks; answers how much was copied. */
  copyRange(from: FilePlace, to: FilePlace, bytes: number): Reply<{ readonly bytes: number }>
  /** SEEK_DATA and SEEK_HOLE; ENXIO beyond the end. */
  seek(ino: Ino, offset: number, what: 'data' | 'hole'): Reply<{ readonly offset: number }>
  /** Calls `take` for each entry behind `after`, `.` and `..` first, until it answers false or the end. */
  list(ino: Ino, after: Cookie, options: ListOptions): Reply<void>
  getXattr(ino: Ino, name: ByteString): Reply<Uint8Array>
  setXattr(ino: Ino, name: ByteString, value: Uint8Array, mode: 'set' | 'create' | 'replace'): Reply<void>
  listXattr(ino: Ino): Reply<readonly ByteString[]>
  removeXattr(ino: Ino, name: ByteString): Reply<void>
  statFs(): Reply<StatFs>
  /** How long a kernel may trust names and attributes without asking. */
  readonly ttlMs: number
  /** Calls `listener` for each change made elsewhere until the returned function is called. */
  onInvalidation(listener: (change: Invalidation) => void): () => void
}

/** How a file is opened. */
export interface OpenOptions {
  readonly truncate: boolean
  readonly killPrivileges: boolean
  /** What for: what is written later is written by who opens it. Who has just made a file may do anything with it. */
  readonly access?: 'read' | 'write' | 'made' | undefined
}

export interface DirectoryPlace {
  readonly parent: Ino
  readonly name: ByteString
}

export interface FilePlace {
  readonly ino: Ino
  readonly offset: number
}

export interface ListOptions {
  /** Fill the attributes of each entry. */
  readonly attributes: boolean
  readonly take: (entry: DirectoryEntry) => boolean
}
