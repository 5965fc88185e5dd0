import { equal, ok, throws } from 'node:assert/strict'
import * as sys from './sys/index.ts'

/** The ordinary people of the cases: they exist nowhere, only as numbers. */
export const ANN: sys.Identity = { uid: 65501, gid: 65501 }
export const BEN: sys.Identity = { uid: 65502, gid: 65502 }
/** A group that belongs to nobody until a case gives it to somebody. */
export const CLUB = 65600

export const SECOND = 1_000_000_000n

/** Expects the call to fail with exactly this errno name; several are allowed where POSIX leaves a choice. */
export function fails(code: string | readonly string[], call: () => unknown): void {
  const codes = typeof code === 'string' ? [code] : code
  throws(call, error => {
    if (!(error instanceof sys.SysError)) throw error
    if (!codes.includes(error.code)) throw new Error(`expected ${codes.join(' or ')}, got ${error.message}`)
    return true
  })
}

/** Opens, hands the descriptor to the step, closes. */
export function withFile<T>(path: sys.Path, flags: number, step: (fd: number) => T, mode = 0o644): T {
  const fd = sys.open(path, flags, mode)
  try {
    return step(fd)
  } finally {
    sys.close(fd)
  }
}

/** Makes a file with this content and mode (whatever the umask), replacing what was in it. */
export function file(path: sys.Path, content: string | Buffer = '', mode = 0o644): void {
  withFile(path, sys.O_WRONLY | sys.O_CREAT | sys.O_TRUNC, fd => {
    if (content.length > 0) writeAll(fd, content)
    sys.chmod(fd, mode)
  })
}

/** Makes a directory with this mode, whatever the umask. */
export function folder(path: sys.Path, mode = 0o755): void {
  sys.mkdir(path, mode)
  sys.chmod(path, mode)
}

/** Writes everything, in as many calls as it takes. */
export function writeAll(fd: number, content: string | Buffer, offset = 0): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  for (let done = 0; done < bytes.length; ) done += sys.write(fd, bytes.subarray(done), offset + done)
}

/** Everything from an open file, or `length` bytes from an offset; short only at the end of the file. */
export function readAll(fd: number, offset = 0, length = Number.POSITIVE_INFINITY): Buffer {
  const parts: Buffer[] = []
  for (let done = 0; done < length; ) {
    const part = sys.read(fd, Math.min(length - done, 1 << 20), offset + done)
    if (part.length === 0) break
    parts.push(part)
    done += part.length
  }
  return Buffer.concat(parts)
}

/** The whole content of a file as latin1 text. */
export function content(path: sys.Path): string {
  return withFile(path, sys.O_RDONLY, fd => readAll(fd).toString('latin1'))
}

/** Whether the name is there, as whatever type. */
export function exists(path: sys.Path): boolean {
  try {
    sys.lstat(path)
    return true
  } catch (error) {
    if (error instanceof sys.SysError && error.code === 'ENOENT') return false
    throw error
  }
}

/** Names of a directory as latin1 text, sorted, without `.` and `..`. */
export function names(path: sys.Path): string[] {
  return entries(path)
    .map(entry => entry.name.toString('latin1'))
    .filter(name => name !== '.' && name !== '..')
    .sort()
}

/** Every directory entry in the order of the filesystem, `.` and `..` among them. */
export function entries(path: sys.Path, blockBytes = 32768): sys.Dirent[] {
  return withFile(path, sys.O_RDONLY | sys.O_DIRECTORY, fd => {
    const found: sys.Dirent[] = []
    for (let block = sys.getdents(fd, blockBytes); block.length > 0; block = sys.getdents(fd, blockBytes))
      found.push(...block)
    return found
  })
}

/** The kinds of file a name can lead to, with how each is made. */
export const KINDS = {
  file: { type: sys.S_IFREG, make: (path: sys.Path) => file(path, 'content') },
  'empty directory': { type: sys.S_IFDIR, make: (path: sys.Path) => sys.mkdir(path) },
  'full directory': {
    type: sys.S_IFDIR,
    make: (path: string) => {
      sys.mkdir(path)
      file(`${path}/inside`)
    },
  },
  symlink: { type: sys.S_IFLNK, make: (path: sys.Path) => sys.symlink('nowhere', path) },
  fifo: { type: sys.S_IFIFO, make: (path: sys.Path) => sys.mknod(path, sys.S_IFIFO | 0o644) },
  socket: { type: sys.S_IFSOCK, make: (path: sys.Path) => sys.mknod(path, sys.S_IFSOCK | 0o644) },
} as const

export type Kind = keyof typeof KINDS
export const ALL_KINDS: readonly Kind[] = ['file', 'empty directory', 'full directory', 'symlink', 'fifo', 'socket']

/** Waits until the filesystem's clock has passed every time of this file, so that the next change must show. */
export function afterTimesOf(path: sys.Path): sys.Stat {
  const before = sys.lstat(path)
  const last = [before.atime, before.mtime, before.ctime].reduce((a, b) => (a > b ? a : b))
  const probe = '.clock-probe'
  const deadline = performance.now() + 3000
  // Kernels stamp with the time of the last tick, some milliseconds coarse.
  for (let now = last; now <= last; ) {
    ok(performance.now() < deadline, 'the clock of the filesystem does not advance')
    file(probe)
    now = sys.lstat(probe).ctime
    sys.unlink(probe)
  }
  return sys.lstat(path)
}

/** The three times as letters, those that moved since `before`: `mc` after a write. */
export function movedTimes(before: sys.Stat, after: sys.Stat): string {
  for (const time of ['atime', 'mtime', 'ctime'] as const) ok(after[time] >= before[time], `${time} went backwards`)
  return [after.atime > before.atime && 'a', after.mtime > before.mtime && 'm', after.ctime > before.ctime && 'c']
    .filter(letter => letter !== false)
    .join('')
}

/** Runs the step and expects exactly these times of the path to move. */
export function expectTimes(path: sys.Path, moved: string, step: () => unknown): void {
  const before = afterTimesOf(path)
  step()
  equal(movedTimes(before, sys.lstat(path)), moved, `times of ${path} that moved`)
}

/** Makes both times of a file old, so that a change by relatime or the clock shows. */
export function age(path: sys.Path, seconds: { atime: bigint; mtime: bigint }): void {
  sys.utimens(path, { atime: seconds.atime * SECOND, mtime: seconds.mtime * SECOND }, sys.AT_SYMLINK_NOFOLLOW)
}

/** Bytes that look the same for the same seed and unlike for others. */
export function pattern(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let at = 0; at < length; at++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[at] = state & 0xff
  }
  return bytes
}
