import { MAP_SHARED, MS_SYNC, PROT_READ, PROT_WRITE } from './constants.ts'
import { bind, bindPlain } from './libc.ts'

const mmapC = bind('mmap', 'intptr_t', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'int64_t'])
const munmapC = bind('munmap', 'int', ['uintptr_t', 'size_t'])
const msyncC = bind('msync', 'int', ['uintptr_t', 'size_t', 'int'])
const copyIn = bindPlain('memcpy', 'uintptr_t', ['uintptr_t', 'void *', 'size_t'])
const copyOut = bindPlain('memcpy', 'uintptr_t', ['void *', 'uintptr_t', 'size_t'])

/** A mapped part of a file; touching it past the end of the file kills the process with SIGBUS. */
export interface Mapping {
  /** Stores bytes through the mapping. */
  put(offset: number, data: string | Buffer): void
  /** Loads bytes through the mapping. */
  get(offset: number, length: number): Buffer
  /** msync(2) of the whole mapping. */
  sync(flags?: number): void
  /** munmap(2). */
  unmap(): void
}

/** How to map: defaults to read and write, shared, from offset 0. */
export interface MapHow {
  readonly protection?: number
  readonly flags?: number
  readonly offset?: number
}

/** mmap(2). */
export function mmap(fd: number, length: number, how: MapHow = {}): Mapping {
  const base = mmapC(0, length, how.protection ?? PROT_READ | PROT_WRITE, how.flags ?? MAP_SHARED, fd, how.offset ?? 0)
  return {
    put(offset, data) {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data
      copyIn(base + offset, bytes, bytes.length)
    },
    get(offset, size) {
      const bytes = Buffer.alloc(size)
      copyOut(bytes, base + offset, size)
      return bytes
    },
    sync: (flags = MS_SYNC) => void msyncC(base, length, flags),
    unmap: () => void munmapC(base, length),
  }
}
