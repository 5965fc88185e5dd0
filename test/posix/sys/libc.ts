import { constants } from 'node:os'
import koffi from 'koffi'

/** A path or name as the kernel sees it: text is sent as UTF-8, a Buffer as it is. */
export type Path = string | Buffer

/** What a libc call takes here: numbers, memory, or nothing. */
export type Arg = number | bigint | Buffer | null

/** A failed system call; `code` is the errno name, as `ENOENT`. */
export class SysError extends Error {
  override readonly name = 'SysError'
  readonly code: string
  constructor(call: string, code: string) {
    super(`${call}: ${code}`)
    this.code = code
  }
}

const libc = koffi.load('libc.so.6')

const ERRNO_NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, number]) => [number, name]))
// Where two names share a number, the one the man pages use.
for (const name of ['EAGAIN', 'EOPNOTSUPP'] as const) ERRNO_NAMES.set(constants.errno[name], name)

/** Binds a libc function that returns -1 and sets errno on failure; the bound call throws a SysError instead. */
export function bind(name: string, result: string, parameters: readonly string[]): (...args: readonly Arg[]) => number {
  const native: (...args: readonly Arg[]) => number | bigint = libc.func(name, result, [...parameters])
  return (...args) => {
    const value = Number(native(...args))
    if (value === -1) throw new SysError(name, errnoName(koffi.errno()))
    return value
  }
}

/** Binds a libc function that returns a null pointer on failure. */
export function bindPointer(name: string, parameters: readonly string[]): (...args: readonly Arg[]) => number {
  const native: (...args: readonly Arg[]) => number | bigint = libc.func(name, 'uintptr_t', [...parameters])
  return (...args) => {
    const value = Number(native(...args))
    if (value === 0) throw new SysError(name, errnoName(koffi.errno()))
    return value
  }
}

/** Binds a libc function that reports no failure through errno (memcpy, umask). */
export function bindPlain(
  name: string,
  result: string,
  parameters: readonly string[],
): (...args: readonly Arg[]) => number {
  const native: (...args: readonly Arg[]) => number | bigint = libc.func(name, result, [...parameters])
  return (...args) => Number(native(...args))
}

/** The symbolic name of an errno number. */
export function errnoName(number: number): string {
  return ERRNO_NAMES.get(number) ?? `errno ${number}`
}

/** A path as a C string. */
export function cString(path: Path): Buffer {
  return Buffer.concat([typeof path === 'string' ? Buffer.from(path) : path, Buffer.of(0)])
}
