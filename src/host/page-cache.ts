import { createRequire } from 'node:module'

type Fadvise = (fd: number, offset: number, bytes: number, advice: number) => number

// POSIX_FADV_DONTNEED of linux/fadvise.h on x64 and arm64.
const DONT_NEED = 4

let fadvise: Fadvise | undefined

/** Drops the clean pages of `[from, to)` of an open file from the page cache, where there is native code to say so. */
export function dropPages(fd: number, from: number, to: number): void {
  fadvise ??= load()
  fadvise(fd, from, to - from, DONT_NEED)
}

// A hint: without native code the kernel decides alone.
function load(): Fadvise {
  try {
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi')
    return koffi.load(null).func('int posix_fadvise(int fd, int64_t offset, int64_t bytes, int advice)')
  } catch {
    return () => 0
  }
}
