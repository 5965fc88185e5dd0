import { AT_EACCESS, AT_FDCWD, AT_REMOVEDIR } from './constants.ts'
import { bind, bindPointer, cString, type Path } from './libc.ts'

const mkdiratC = bind('mkdirat', 'int', ['int', 'void *', 'uint32_t'])
const unlinkatC = bind('unlinkat', 'int', ['int', 'void *', 'int'])
const renameat2C = bind('renameat2', 'int', ['int', 'void *', 'int', 'void *', 'uint32_t'])
const linkatC = bind('linkat', 'int', ['int', 'void *', 'int', 'void *', 'int'])
const symlinkatC = bind('symlinkat', 'int', ['void *', 'int', 'void *'])
const readlinkatC = bind('readlinkat', 'long', ['int', 'void *', 'void *', 'size_t'])
const mknodatC = bind('mknodat', 'int', ['int', 'void *', 'uint32_t', 'uint64_t'])
const faccessatC = bind('faccessat', 'int', ['int', 'void *', 'int', 'int'])
const chdirC = bind('chdir', 'int', ['void *'])
const fchdirC = bind('fchdir', 'int', ['int'])
const getcwdC = bindPointer('getcwd', ['void *', 'size_t'])
const CWD_BYTES_MAX = 8192

/** mkdirat(2). */
export function mkdir(path: Path, mode = 0o755, at = AT_FDCWD): void {
  mkdiratC(at, cString(path), mode)
}

/** rmdir(2) relative to `at`. */
export function rmdir(path: Path, at = AT_FDCWD): void {
  unlinkatC(at, cString(path), AT_REMOVEDIR)
}

/** unlinkat(2) of what is not a directory. */
export function unlink(path: Path, at = AT_FDCWD): void {
  unlinkatC(at, cString(path), 0)
}

/** renameat2(2); `flags` as RENAME_NOREPLACE. */
export function rename(from: Path, to: Path, flags = 0): void {
  renameat2C(AT_FDCWD, cString(from), AT_FDCWD, cString(to), flags)
}

/** renameat2(2) between two directory descriptors. */
export function renameat(fromAt: number, from: Path, toAt: number, to: Path): void {
  renameat2C(fromAt, cString(from), toAt, cString(to), 0)
}

/** linkat(2); without flags a symlink itself is linked. */
export function link(from: Path, to: Path, flags = 0, at: { from?: number; to?: number } = {}): void {
  linkatC(at.from ?? AT_FDCWD, cString(from), at.to ?? AT_FDCWD, cString(to), flags)
}

/** symlinkat(2). */
export function symlink(target: Path, path: Path, at = AT_FDCWD): void {
  symlinkatC(cString(target), at, cString(path))
}

/** readlinkat(2); at most `size` bytes. */
export function readlink(path: Path, size = 4096, at = AT_FDCWD): Buffer {
  const target = Buffer.alloc(size)
  return target.subarray(0, readlinkatC(at, cString(path), target, size))
}

/** mknodat(2); `mode` holds the type bits. */
export function mknod(
  path: Path,
  mode: number,
  device: { major: number; minor: number } = { major: 0, minor: 0 },
): void {
  const { major, minor } = device
  const number =
    ((BigInt(major) & 0xfffff000n) << 32n) |
    ((BigInt(major) & 0xfffn) << 8n) |
    ((BigInt(minor) & 0xffffff00n) << 12n) |
    (BigInt(minor) & 0xffn)
  mknodatC(AT_FDCWD, cString(path), mode, number)
}

/** faccessat(2) with the effective ids. */
export function access(path: Path, mode: number): void {
  faccessatC(AT_FDCWD, cString(path), mode, AT_EACCESS)
}

/** chdir(2), of the process, past Node's cached working folder. */
export function chdir(path: Path): void {
  chdirC(cString(path))
}

/** fchdir(2). */
export function fchdir(fd: number): void {
  fchdirC(fd)
}

/** getcwd(3); ENOENT once the folder was removed. */
export function getcwd(): Buffer {
  const path = Buffer.alloc(CWD_BYTES_MAX)
  getcwdC(path, path.length)
  return path.subarray(0, path.indexOf(0))
}
