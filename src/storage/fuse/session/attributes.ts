import { andThen } from '#base'
import { type AttributeChange, type Attributes, isErrno, type StatFs, type TimeChange } from '#storage/fs'
import { timeOfParts, writeAttrOut, writeStatxOut } from '../codec/attributes.ts'
import { FATTR } from '../codec/flags.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { STATFS_OUT } from '../codec/replies.ts'
import { SETATTR_IN } from '../codec/requests.ts'
import { type Context, callerOf, operation } from './operation.ts'

type SetattrIn = ReturnType<typeof SETATTR_IN.read>

/** GETATTR. */
export const getattr = operation<Attributes>({
  interruptible: 'dying',
  run: ({ vfs }, request) => vfs.attributes(request.ino),
  encode: encodeAttributes,
})

/** STATX (7.39): sent when a program asks for the time of birth. */
export const statx = operation<Attributes>({
  interruptible: 'dying',
  run: ({ vfs }, request) => vfs.attributes(request.ino),
  encode: (context, attributes, out) => writeStatxOut(out, PAYLOAD, context.ids.shown(attributes), context.vfs.ttlMs),
})

/** SETATTR: chmod, chown, truncate, utimensat. */
export const setattr = operation<Attributes>({
  run: ({ vfs, ids }, request) => {
    const change = ids.asked(changeOf(SETATTR_IN.read(request.bytes, BODY)))
    return isErrno(change) ? change : vfs.setAttributes(request.ino, change, callerOf(request))
  },
  encode: encodeAttributes,
  changes: true,
})

/** STATFS. */
export const statfs = operation<StatFs>({
  interruptible: 'dying',
  run: ({ vfs }) => vfs.statFs(),
  encode: (_context, stats, out) => {
    STATFS_OUT.write(
      out,
      {
        blocks: stats.blocks,
        bfree: stats.blocksFree,
        bavail: stats.blocksFree,
        files: stats.files,
        ffree: stats.filesFree,
        bsize: stats.blockBytes,
        namelen: stats.nameBytesMax,
        frsize: stats.blockBytes,
        padding: 0,
        spare: SPARE,
      },
      PAYLOAD,
    )
    return STATFS_OUT.size
  },
})

const SPARE = new Uint8Array(24)

function encodeAttributes(context: Context, attributes: Attributes, out: Buffer): number {
  return writeAttrOut(out, PAYLOAD, context.ids.shown(attributes), context.vfs.ttlMs)
}

/** What a SETATTR asks for. A change of owner takes privileges away as chown(2) does (HANDLE_KILLPRIV_V2). */
export function changeOf(set: SetattrIn): AttributeChange {
  const has = (bit: number): boolean => (set.valid & bit) !== 0
  const chown = has(FATTR.UID | FATTR.GID)
  return {
    mode: has(FATTR.MODE) ? set.mode & 0o7777 : undefined,
    uid: has(FATTR.UID) ? set.uid : undefined,
    gid: has(FATTR.GID) ? set.gid : undefined,
    size: has(FATTR.SIZE) ? set.size : undefined,
    atime: has(FATTR.ATIME) ? timeChange(has(FATTR.ATIME_NOW), set.atime, set.atimensec) : undefined,
    mtime: has(FATTR.MTIME) ? timeChange(has(FATTR.MTIME_NOW), set.mtime, set.mtimensec) : undefined,
    ctime: has(FATTR.CTIME) ? timeOfParts(set.ctime, set.ctimensec) : undefined,
    killPrivileges: has(FATTR.KILL_SUIDGID) || chown,
  }
}

function timeChange(now: boolean, seconds: number, nanoseconds: number): TimeChange {
  return now ? 'now' : timeOfParts(seconds, nanoseconds)
}

/** Takes the setgid bit away, as setting an access ACL does for who is not in the file's group. */
export function clearSetgid(context: Context, request: Parameters<typeof callerOf>[0]) {
  return andThen(context.vfs.attributes(request.ino), attributes => {
    if (isErrno(attributes)) return attributes
    if ((attributes.mode & 0o2000) === 0) return undefined
    const change = { mode: attributes.mode & ~0o2000 }
    return andThen(context.vfs.setAttributes(request.ino, change, callerOf(request)), answer =>
      isErrno(answer) ? answer : undefined,
    )
  })
}
