import { andThen, type ByteString } from '#base'
import { ERRNO, isErrno, type Reply } from '#storage/fs'
import { INIT, SETXATTR_ACL_KILL_SGID, XATTR } from '../codec/flags.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { GETXATTR_OUT } from '../codec/replies.ts'
import { GETXATTR_IN, SETXATTR_IN, SETXATTR_IN_SHORT } from '../codec/requests.ts'
import { XATTR_LIST_BYTES_MAX, XATTR_VALUE_BYTES_MAX } from '../limits.ts'
import { clearSetgid } from './attributes.ts'
import { type Context, nameAt, nothing, operation, type Request } from './operation.ts'

/** A value, or only its size when the caller asked with an empty buffer. */
type Sized = { readonly value: Uint8Array } | { readonly size: number }

/** SETXATTR: the name, then the value. */
export const setxattr = operation<void>({
  run: (context, request) => {
    const { size, flags, setxattrFlags, headBytes } = readSetxattr(context, request)
    const name = nameAt(request, headBytes)
    const start = BODY + headBytes + name.length + 1
    if (size > XATTR_VALUE_BYTES_MAX || start + size > request.end) return ERRNO.EINVAL
    const value = context.ids.xattrAsked(name, Uint8Array.from(request.bytes.subarray(start, start + size)))
    if (isErrno(value)) return value
    const mode = flags === XATTR.CREATE ? 'create' : flags === XATTR.REPLACE ? 'replace' : 'set'
    return andThen(context.vfs.setXattr(request.ino, name, value, mode), answer =>
      isErrno(answer) || (setxattrFlags & SETXATTR_ACL_KILL_SGID) === 0 ? answer : clearSetgid(context, request),
    )
  },
  encode: nothing,
  changes: true,
})

/** GETXATTR. */
export const getxattr = operation<Sized>({
  interruptible: 'dying',
  run: ({ vfs, ids }, request) => {
    const { size } = GETXATTR_IN.read(request.bytes, BODY)
    const name = nameAt(request, GETXATTR_IN.size)
    const value = andThen(vfs.getXattr(request.ino, name), found =>
      isErrno(found) ? found : ids.xattrShown(name, found),
    )
    return sized(value, size)
  },
  encode: encodeSized,
})

/** LISTXATTR: names one behind the other, each with a NUL byte. Names that only root may use only root sees. */
export const listxattr = operation<Sized>({
  interruptible: 'dying',
  run: ({ vfs }, request) => {
    const { size } = GETXATTR_IN.read(request.bytes, BODY)
    const list = andThen(vfs.listXattr(request.ino), names =>
      isErrno(names) ? names : joined(request.uid === 0 ? names : names.filter(name => !name.startsWith('trusted.'))),
    )
    return sized(list, size)
  },
  encode: encodeSized,
})

/** REMOVEXATTR. */
export const removexattr = operation<void>({
  run: ({ vfs }, request) => vfs.removeXattr(request.ino, nameAt(request, 0)),
  encode: nothing,
  changes: true,
})

function readSetxattr({ negotiated }: Context, request: Request) {
  if ((negotiated.flags & INIT.SETXATTR_EXT) !== 0) {
    return { ...SETXATTR_IN.read(request.bytes, BODY), headBytes: SETXATTR_IN.size }
  }
  return { ...SETXATTR_IN_SHORT.read(request.bytes, BODY), setxattrFlags: 0, headBytes: SETXATTR_IN_SHORT.size }
}

function joined(names: readonly ByteString[]): Uint8Array {
  return Buffer.from(names.map(name => `${name}\0`).join(''), 'latin1')
}

function sized(value: Reply<Uint8Array>, room: number): Reply<Sized> {
  return andThen(value, (found): Reply<Sized> => {
    if (isErrno(found)) return found
    if (found.byteLength > XATTR_LIST_BYTES_MAX) return ERRNO.ERANGE
    if (room === 0) return { size: found.byteLength }
    return found.byteLength > room ? ERRNO.ERANGE : { value: found }
  })
}

function encodeSized(_context: Context, answer: Sized, out: Buffer): number {
  if ('value' in answer) {
    out.set(answer.value, PAYLOAD)
    return answer.value.byteLength
  }
  GETXATTR_OUT.write(out, { size: answer.size, padding: 0 }, PAYLOAD)
  return GETXATTR_OUT.size
}
