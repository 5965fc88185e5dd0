import { bind, cString, type Path } from './libc.ts'

const PATH_VERBS = { set: 'setxattr', get: 'getxattr', list: 'listxattr', remove: 'removexattr' } as const

function family(prefix: '' | 'l') {
  return {
    set: bind(prefix + PATH_VERBS.set, 'int', ['void *', 'void *', 'void *', 'size_t', 'int']),
    get: bind(prefix + PATH_VERBS.get, 'long', ['void *', 'void *', 'void *', 'size_t']),
    list: bind(prefix + PATH_VERBS.list, 'long', ['void *', 'void *', 'size_t']),
    remove: bind(prefix + PATH_VERBS.remove, 'int', ['void *', 'void *']),
  }
}

const follow = family('')
const nofollow = family('l')
const descriptor = {
  set: bind('fsetxattr', 'int', ['int', 'void *', 'void *', 'size_t', 'int']),
  get: bind('fgetxattr', 'long', ['int', 'void *', 'void *', 'size_t']),
}

/** Whether a symlink at the end of the path is followed. */
export interface XattrHow {
  readonly nofollow?: boolean
  readonly flags?: number
}

/** setxattr(2), or lsetxattr(2), or fsetxattr(2) of a descriptor. */
export function setxattr(file: Path | number, name: Path, value: string | Buffer, how: XattrHow = {}): void {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  const flags = how.flags ?? 0
  if (typeof file === 'number') descriptor.set(file, cString(name), bytes, bytes.length, flags)
  else (how.nofollow ? nofollow : follow).set(cString(file), cString(name), bytes, bytes.length, flags)
}

/** getxattr(2) into a buffer of `size` bytes. */
export function getxattr(file: Path | number, name: Path, how: XattrHow = {}, size = 65536): Buffer {
  const value = Buffer.alloc(size)
  const got =
    typeof file === 'number'
      ? descriptor.get(file, cString(name), value, size)
      : (how.nofollow ? nofollow : follow).get(cString(file), cString(name), value, size)
  return value.subarray(0, got)
}

/** The size getxattr(2) reports when asked with no buffer. */
export function xattrSize(path: Path, name: Path): number {
  return follow.get(cString(path), cString(name), null, 0)
}

/** The names of listxattr(2) into a buffer of `size` bytes, in the kernel's order. */
export function listxattr(path: Path, how: XattrHow = {}, size = 65536): string[] {
  const block = Buffer.alloc(size)
  const got = (how.nofollow ? nofollow : follow).list(cString(path), block, size)
  return block.toString('latin1', 0, got).split('\0').slice(0, -1)
}

/** The size listxattr(2) reports when asked with no buffer. */
export function xattrListSize(path: Path): number {
  return follow.list(cString(path), null, 0)
}

/** removexattr(2). */
export function removexattr(path: Path, name: Path, how: XattrHow = {}): void {
  const calls = how.nofollow ? nofollow : follow
  calls.remove(cString(path), cString(name))
}
