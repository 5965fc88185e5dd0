import { decode, encode } from '@msgpack/msgpack'
import { type Disk, isFault } from '#base'
import { type ChunkIndex, type IndexBatch, memoryIndex } from '#storage/chunks'
import { type Frame, FrameFile } from './frame-file.ts'

const WRITTEN = 1
/** The file is read again once in so many lookups: damage done while it is open shows. */
const LOOKUPS_PER_READ = 32

/** The chunk store's index on the simulated disk: in memory, and told at each opening what the one before was told. */
export function keptChunkIndex(disk: Disk, path: string): ChunkIndex {
  const memory = memoryIndex()
  const { file, frames } = openOrRemake(disk, path)
  for (const { bytes } of frames) memory.write(decode(bytes) as IndexBatch)
  let lookups = 0
  return {
    get(digest) {
      if (lookups++ % LOOKUPS_PER_READ === 0) file.verify()
      return memory.get(digest)
    },
    page(range, limit) {
      file.verify()
      return memory.page(range, limit)
    },
    summary: () => memory.summary(),
    write(batch) {
      file.append(WRITTEN, Buffer.from(encode(batch, { ignoreUndefined: true })))
      memory.write(batch)
    },
    reset() {
      file.clear()
      memory.reset()
    },
    [Symbol.dispose]() {
      file.close()
      memory[Symbol.dispose]()
    },
  }
}

function openOrRemake(disk: Disk, path: string): { readonly file: FrameFile; readonly frames: readonly Frame[] } {
  try {
    return FrameFile.open(disk, path)
  } catch (error) {
    if (!isFault(error, 'IndexDamaged')) throw error
    disk.remove(path)
    return FrameFile.open(disk, path)
  }
}
