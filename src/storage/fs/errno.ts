import type { Brand } from '#base'

/** A system error number of Linux (asm-generic/errno.h), as an answer. Never 0, never negative. */
export type Errno = Brand<number, 'Errno'>

const NUMBERS = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EFBIG: 27,
  ENOSPC: 28,
  EROFS: 30,
  EMLINK: 31,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ESTALE: 116,
  EDQUOT: 122,
} as const

/** The error numbers by name. */
export const ERRNO = NUMBERS as unknown as Readonly<Record<keyof typeof NUMBERS, Errno>>

/** True when an answer is an error; no successful answer is a bare number. */
export function isErrno(answer: unknown): answer is Errno {
  return typeof answer === 'number'
}

/** The name of an error number, such as `ENOENT`. */
export function errnoName(errno: Errno): string {
  return Object.entries(NUMBERS).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`
}
