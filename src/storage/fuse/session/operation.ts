import type { ByteString } from '#base'
import { type Caller, ERRNO, type Ino, type Reply, type Vfs } from '#storage/fs'
import { BODY, type Unique } from '../codec/header.ts'
import { NAME_BYTES_MAX } from '../limits.ts'
import { groupsOf } from '../device/groups.ts'
import type { IdMap } from '../id-map.ts'
import type { Lookups } from './lookups.ts'
import type { Negotiated } from './negotiate.ts'

/** A request as read from the device. `bytes` is only good until the operation has been called, unless it keeps it. */
export interface Request extends Unique {
  readonly opcode: number
  readonly ino: Ino
  /** Who asked, as the filesystem knows them. */
  readonly uid: number
  readonly gid: number
  readonly ids: IdMap
  /** The thread that asked; 0 when the kernel cannot name it here. */
  readonly pid: number
  /** The whole message, header included. */
  readonly bytes: Buffer
  /** Where the message ends in `bytes`. */
  readonly end: number
  /** A process before this one had the request too and may have carried it out. */
  readonly isResent: boolean
  /** Aborted when who asked has got a signal; only of operations that any signal ends. */
  readonly signal?: AbortSignal | undefined
}

/** What the operations of one mount share. */
export interface Context {
  readonly vfs: Vfs
  readonly lookups: Lookups
  /** Nobody else ever changes these files. */
  readonly singleMachine: boolean
  /** Who users and groups of this machine are in the filesystem. */
  ids: IdMap
  /** What was agreed with the kernel. */
  negotiated: Negotiated
  /** True while the kernel has not yet been told of a change made elsewhere. */
  isStale(ino: Ino): boolean
}

/**
 * One kind of request: `run` asks the filesystem, `encode` writes the payload of the reply behind its header and
 * answers how many bytes it has. They are apart so that waiting replies can share one buffer for encoding.
 */
export interface Operation<Value> {
  run(context: Context, request: Request, out: Buffer): Reply<Value>
  encode(context: Context, value: Value, out: Buffer): number
  /** `reply`: `run` fills a reply buffer of its own. `request`: the request's bytes are in use until the answer. */
  readonly keeps?: 'reply' | 'request'
  /**
   * `dying`: it changes nothing, so a waiting request is given up when whoever asked is killed. `anySignal`: it hears of each signal
   * by the request's own and ends by itself; a process that serves on after this one is asked again.
   */
  readonly interruptible?: 'dying' | 'anySignal'
  /** It changes files: the filesystem is told the request's number first, to know it when it comes again. */
  readonly changes?: boolean
}

/** Fixes the type of an operation's value where it is written. */
export function operation<Value>(definition: Operation<Value>): Operation<unknown> {
  return definition
}

/** The encoding of an operation whose reply is only "done". */
export function nothing(): number {
  return 0
}

/** The NUL-terminated name `skip` bytes into the body. */
export function nameAt(request: Request, skip: number): ByteString {
  const start = BODY + skip
  const nul = request.bytes.indexOf(0, start)
  return request.bytes.toString('latin1', start, nul < 0 || nul > request.end ? request.end : nul)
}

/** Goes on with the directory entry's name `skip` bytes into the body, unless it is too long for a filesystem. */
export function withName<Value>(
  request: Request,
  skip: number,
  next: (name: ByteString) => Reply<Value>,
): Reply<Value> {
  const name = nameAt(request, skip)
  return name.length > NAME_BYTES_MAX ? ERRNO.ENAMETOOLONG : next(name)
}

/** Who sent the request. */
export function callerOf({ uid, gid, pid, ids }: Request, umask = 0): Caller {
  let groups: readonly number[] | undefined
  return {
    uid,
    gid,
    umask,
    // Root needs none, and where it is nobody it has none: to ask the kernel for them takes as long as to serve a small request.
    get groups() {
      if (uid === 0) return []
      groups ??= groupsOf(pid).map(group => ids.group(group))
      return groups
    },
  }
}

/** A node id of the protocol as an inode number: they are the same. */
export function inoOf(nodeid: number): Ino {
  return nodeid as Ino
}
