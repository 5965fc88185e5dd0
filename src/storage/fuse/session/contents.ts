import { andThen } from '#base'
import { type AllocateMode, ERRNO, isErrno, type Reply } from '#storage/fs'
import { FALLOCATE, FSYNC_DATA, OPEN, SEEK, WRITE } from '../codec/flags.ts'
import { BODY, PAYLOAD } from '../codec/header.ts'
import { COPY_FILE_RANGE_OUT, LSEEK_OUT, WRITE_OUT } from '../codec/replies.ts'
import { COPY_FILE_RANGE_IN, FALLOCATE_IN, FLUSH_IN, FSYNC_IN, LSEEK_IN, READ_IN, WRITE_IN } from '../codec/requests.ts'
import { COPY_BYTES_MAX, TRANSFER_BYTES_MAX } from '../limits.ts'
import { keepsLocks, ownerOf } from './locks.ts'
import { type Context, inoOf, nothing, operation, type Request } from './operation.ts'

/** READ: the filesystem fills the reply in place. */
export const read = operation<{ readonly bytes: number }>({
  keeps: 'reply',
  interruptible: 'dying',
  run: ({ vfs }, request, out) => {
    const { offset, size, flags } = READ_IN.read(request.bytes, BODY)
    if (size > TRANSFER_BYTES_MAX) return ERRNO.EINVAL
    const options = { keepAccessTime: (flags & OPEN.NOATIME) !== 0 }
    return vfs.read(request.ino, offset, out.subarray(PAYLOAD, PAYLOAD + size), options)
  },
  encode: (_context, { bytes }) => bytes,
})

/** WRITE: the filesystem takes the body from the request in place. */
export const write = operation<{ readonly size: number }>({
  keeps: 'request',
  changes: true,
  run: ({ vfs, singleMachine }, request) => {
    const { offset, size, writeFlags, flags } = WRITE_IN.read(request.bytes, BODY)
    const start = BODY + WRITE_IN.size
    if (start + size > request.end) return ERRNO.EINVAL
    const isAppend = (flags & OPEN.APPEND) !== 0 && (writeFlags & WRITE.CACHE) === 0
    // Where nobody else appends, the kernel's offset is right, and writing there twice is writing once.
    const append = isAppend && !(request.isResent && singleMachine)
    const options = { append, killPrivileges: (writeFlags & WRITE.KILL_SUIDGID) !== 0 }
    const answer = vfs.write(request.ino, offset, request.bytes.subarray(start, start + size), options)
    return andThen(answer, done => (isErrno(done) ? done : { size }))
  },
  encode: (_context, { size }, out) => {
    WRITE_OUT.write(out, { size, padding: 0 }, PAYLOAD)
    return WRITE_OUT.size
  },
})

/** FLUSH: a descriptor was closed. */
export const flush = operation<void>({
  interruptible: 'dying',
  run: (context, request) => {
    const { lockOwner } = FLUSH_IN.read(request.bytes, BODY)
    return context.vfs.flush(request.ino, keepsLocks(context) ? ownerOf(lockOwner) : undefined)
  },
  encode: nothing,
})

/** FSYNC and FSYNCDIR. */
export const fsync = operation<void>({
  interruptible: 'dying',
  run: ({ vfs }, request) => {
    const { fsyncFlags } = FSYNC_IN.read(request.bytes, BODY)
    return vfs.sync(request.ino, (fsyncFlags & FSYNC_DATA) !== 0 ? 'data' : 'all')
  },
  encode: nothing,
})

/** SYNCFS: only kernels that mount for a virtual machine send it. */
export const syncfs = operation<void>({
  run: ({ vfs }, request) => vfs.sync(request.ino, 'all'),
  encode: nothing,
})

/** FALLOCATE in the modes the filesystem has; others are not supported. */
export const fallocate = operation<void>({
  changes: true,
  run: ({ vfs }, request) => {
    const { offset, length, mode } = FALLOCATE_IN.read(request.bytes, BODY)
    const spoken = ALLOCATE_MODES.get(mode)
    return spoken === undefined ? ERRNO.EOPNOTSUPP : vfs.allocate(request.ino, spoken, offset, length)
  },
  encode: nothing,
})

const ALLOCATE_MODES: ReadonlyMap<number, AllocateMode> = new Map([
  [0, 'extend'],
  [FALLOCATE.KEEP_SIZE, 'keepSize'],
  [FALLOCATE.PUNCH_HOLE | FALLOCATE.KEEP_SIZE, 'punch'],
  [FALLOCATE.ZERO_RANGE, 'zero'],
  [FALLOCATE.ZERO_RANGE | FALLOCATE.KEEP_SIZE, 'zeroKeepSize'],
])

/** LSEEK: only holes and data come here; the kernel does the rest. */
export const lseek = operation<{ readonly offset: number }>({
  interruptible: 'dying',
  run: ({ vfs }, request) => {
    const { offset, whence } = LSEEK_IN.read(request.bytes, BODY)
    if (whence !== SEEK.DATA && whence !== SEEK.HOLE) return ERRNO.EINVAL
    return vfs.seek(request.ino, offset, whence === SEEK.DATA ? 'data' : 'hole')
  },
  encode: (_context, { offset }, out) => {
    LSEEK_OUT.write(out, { offset }, PAYLOAD)
    return LSEEK_OUT.size
  },
})

/** COPY_FILE_RANGE, whose answer has 32 bits. */
export const copyFileRange = operation<{ readonly bytes: number }>({
  changes: true,
  run: (context, request) => copyRange(context, request, COPY_BYTES_MAX),
  encode: (_context, { bytes }, out) => {
    WRITE_OUT.write(out, { size: bytes, padding: 0 }, PAYLOAD)
    return WRITE_OUT.size
  },
})

/** COPY_FILE_RANGE_64 (7.45). */
export const copyFileRange64 = operation<{ readonly bytes: number }>({
  changes: true,
  run: (context, request) => copyRange(context, request, Number.MAX_SAFE_INTEGER),
  encode: (_context, { bytes }, out) => {
    COPY_FILE_RANGE_OUT.write(out, { bytesCopied: bytes }, PAYLOAD)
    return COPY_FILE_RANGE_OUT.size
  },
})

function copyRange({ vfs }: Context, request: Request, bytesMax: number): Reply<{ readonly bytes: number }> {
  const { offIn, nodeidOut, offOut, len, flags } = COPY_FILE_RANGE_IN.read(request.bytes, BODY)
  if (flags !== 0) return ERRNO.EINVAL
  const to = { ino: inoOf(nodeidOut), offset: offOut }
  return vfs.copyRange({ ino: request.ino, offset: offIn }, to, Math.min(len, bytesMax))
}
