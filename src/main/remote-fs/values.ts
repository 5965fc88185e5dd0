import { type ByteString, type Digest, DIGEST_BYTES } from '#base'
import { flag, integer, list, long, optional, rpcFault, type Shape, shape, text, word } from '#rpc'
import {
  type Attributes,
  CALLER_GROUPS_MAX,
  type Cookie,
  type Errno,
  FILE_BYTES_MAX,
  type HeldLock,
  type Ino,
  LOCK_END,
  LOCK_OWNER_MAX,
  type LockRequest,
  NAME_BYTES_MAX,
  type PlacedLock,
} from '#storage/fs'

/** Bytes as a byte string, at most `max` of them. */
export function octets(max: number): Shape<ByteString> {
  return (value, at) => {
    if (typeof value !== 'string' || value.length > max) throw wrong(at, `text of at most ${max} bytes`)
    for (let index = 0; index < value.length; index += 1) {
      if (value.charCodeAt(index) > 0xff) throw wrong(at, 'text with one character for each byte')
    }
    return value
  }
}

const digestText = octets(DIGEST_BYTES)

/** The name of a chunk. */
export const digest: Shape<Digest> = (value, at) => {
  const text = digestText(value, at)
  if (text.length !== DIGEST_BYTES) throw wrong(at, `${DIGEST_BYTES} bytes`)
  return text as Digest
}

const positive = integer(1)

/** An inode number. */
export const ino: Shape<Ino> = (value, at) => positive(value, at) as Ino

const place = integer(0)

/** A place in a listing. */
export const cookie: Shape<Cookie> = (value, at) => place(value, at) as Cookie

const errorNumber = integer(1, 4095)

/** A system error number. */
export const errno: Shape<Errno> = (value, at) => errorNumber(value, at) as Errno

/** A name in a directory; whether it is allowed there, the home says. */
export const name: Shape<ByteString> = octets(NAME_BYTES_MAX + 1)

/** A size or offset of a file; beyond what a file may have, the home says so. */
export const fileBytes: Shape<number> = integer(0, FILE_BYTES_MAX * 4)

const u32 = integer(0, 2 ** 32 - 1)

export const kind = word('file', 'directory', 'symlink', 'fifo', 'socket', 'charDevice', 'blockDevice')
export const mode: Shape<number> = integer(0, 0o7777)
export const user: Shape<number> = u32
export const device: Shape<number> = u32
export const directoryPlace = shape({ parent: ino, name })
export const caller = shape({
  uid: user,
  gid: user,
  umask: integer(0, 0o7777),
  groups: optional(list(user, CALLER_GROUPS_MAX)),
})

/** What stat(2) shows. */
export const attributes: Shape<Attributes> = shape({
  ino,
  kind,
  mode,
  nlink: u32,
  uid: user,
  gid: user,
  rdev: device,
  size: integer(),
  blocks: integer(),
  atimeNs: long,
  mtimeNs: long,
  ctimeNs: long,
  btimeNs: long,
  hasXattrs: flag,
})

const time: Shape<bigint | 'now'> = (value, at) => (value === 'now' ? value : long(value, at))

export const attributeChange = shape({
  mode: optional(mode),
  uid: optional(user),
  gid: optional(user),
  size: optional(integer()),
  atime: optional(time),
  mtime: optional(time),
  ctime: optional(time),
  killPrivileges: optional(flag),
})

const lockFields = {
  way: word('range', 'whole'),
  from: integer(0, LOCK_END - 1),
  to: integer(1, LOCK_END),
  owner: text(LOCK_OWNER_MAX),
  handle: integer(0),
  pid: u32,
}
const held = word('shared', 'exclusive')

/** A lock as it is asked for. */
export const lockRequest: Shape<LockRequest> = ranged(
  shape({ ...lockFields, type: word('shared', 'exclusive', 'none') }),
)
/** A lock that is held. */
export const heldLock: Shape<HeldLock> = ranged(shape({ ...lockFields, type: held }))
export const placedLock: Shape<PlacedLock> = ranged(shape({ ...lockFields, type: held, ino }))

function ranged<Lock extends { readonly from: number; readonly to: number }>(check: Shape<Lock>): Shape<Lock> {
  return (value, at) => {
    const lock = check(value, at)
    if (lock.from >= lock.to) throw wrong(`${at}.to`, 'behind from')
    return lock
  }
}

/** The fault for a value that is not what it should be. */
export function wrong(at: string, wanted: string): Error {
  return rpcFault('BadMessage', `${at === '' ? 'the message' : at} must be ${wanted}`)
}
