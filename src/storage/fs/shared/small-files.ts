import type { Digest } from '#base'
import { ExtentList } from '../extent-list.ts'
import { inlineBytesOf } from '../extent.ts'
import type { HomeContext } from '../home/context.ts'
import type { SealedTree } from '../inode.ts'
import { CONTENT_BYTES_MAX, SMALL_FILE_BYTES } from '../limits.ts'
import type { FileContent } from '../operation.ts'
import type { Ino } from '../vfs.ts'

/** Bytes of sealed files by the chunk that has them. */
export type SealedBytes = ReadonlyMap<Digest, Uint8Array>

/** Reads the small sealed files among these whose chunks are on this machine's disk. */
export async function readSealed({ tables, trees, chunks }: HomeContext, inos: readonly Ino[]): Promise<SealedBytes> {
  const found = new Map<Digest, Uint8Array>()
  let left = CONTENT_BYTES_MAX
  const reads = inos.map(async ino => {
    const tree = tables.inode(ino)?.tree
    if (tree === undefined || !isOneChunk(tree, trees.shape.chunkBytes) || tree.bytes > left) return
    left -= tree.bytes
    const bytes = new Uint8Array(tree.bytes)
    if ((await chunks.readHere?.(tree.root, bytes)) === true) found.set(tree.root, bytes)
  })
  await Promise.all(reads)
  return found
}

/** The same contents, with the bytes of sealed files inline as far as they fit one message: who is told needs no way to their chunks. */
export function withSealed(files: readonly FileContent[], sealed: SealedBytes): readonly FileContent[] {
  let bytes = 0
  return files.map(file => {
    const { content } = file
    bytes += inlineBytesOf(content.extents)
    const data = content.extents.length === 0 && content.tree !== undefined ? sealed.get(content.tree.root) : undefined
    const size = Math.min(content.size, content.tree?.visibleBytes ?? 0)
    if (data === undefined || size === 0 || bytes + size > CONTENT_BYTES_MAX) return file
    bytes += size
    const extents = ExtentList.of([{ kind: 'inline', offset: 0, bytes: size, data: data.subarray(0, size) }])
    return { ...file, content: { ...content, extents } }
  })
}

function isOneChunk({ bytes }: SealedTree, chunkBytes: number): boolean {
  return bytes > 0 && bytes <= Math.min(chunkBytes, SMALL_FILE_BYTES)
}
