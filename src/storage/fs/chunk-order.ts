import { type ByteString, type Digest, isFault } from '#base'
import type { KeyValue } from '#keyspace'
import type { ChunkSource } from './chunk-source.ts'
import { decodeExtent } from './extent.ts'
import * as keys from './keys.ts'

/**
 * What the keyspace under a filesystem is opened with, so that a power cut never leaves a row that names a lost chunk:
 * chunks are synced before the records that name them, and a record that came to the disk before its chunks did ends
 * the log. Only extents need that look: trees and manifests are synced before anything names them.
 */
export function afterChunks(chunks: Pick<ChunkSource, 'sync' | 'read'>): {
  readonly beforeSync: () => Promise<void>
  readonly survived: (entries: readonly KeyValue[]) => Promise<boolean>
} {
  return {
    beforeSync: () => chunks.sync(),
    survived: async entries => {
      for (const { key, value } of entries) {
        const chunk = chunkOf(key, value)
        if (chunk !== undefined && (await isLost(chunks, chunk))) return false
      }
      return true
    },
  }
}

function chunkOf(key: ByteString, row: Uint8Array): Digest | undefined {
  if (!key.startsWith(keys.EXTENT_PREFIX)) return undefined
  const extent = decodeExtent(keys.offsetOfExtentKey(key), row)
  return extent.kind === 'chunk' ? extent.digest : undefined
}

// A damaged chunk is not lost: it was on the disk, and every read of it says what became of it. Nor is one that may be on a disk
// or a machine that is away: it comes back with it.
async function isLost(chunks: Pick<ChunkSource, 'read'>, chunk: Digest): Promise<boolean> {
  try {
    await chunks.read(chunk, NOTHING, 0)
    return false
  } catch (error) {
    if (MAY_COME_BACK.some(code => isFault(error, code))) return false
    if (isFault(error, 'ChunkMissing')) return true
    throw error
  }
}

const MAY_COME_BACK = ['ChunkDamaged', 'DiskAway', 'ChunkUnreachable']
const NOTHING = new Uint8Array(0)
