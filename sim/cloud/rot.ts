import { bytesOf, type Digest } from '#base'
import type { DiskImage } from '../disk/image.ts'

/** Flips a bit of a chunk, on the disk and in memory; answers where, or undefined when it is not there for good. */
export function flipBitOf(image: DiskImage, digest: Digest): string | undefined {
  for (const [path, file] of image.names) {
    if (file === 'folder' || !path.endsWith('.seg')) continue
    const name = file.durable.view.indexOf(bytesOf(digest))
    if (name < 0 || file.cached.view.indexOf(bytesOf(digest)) !== name) continue
    const at = name - DIGEST_AT + HEADER_BYTES
    for (const bytes of [file.durable, file.cached]) if (at < bytes.size) bytes.view[at] = (bytes.view[at] ?? 0) ^ 1
    return `${path} byte ${at}`
  }
  return undefined
}

// A chunk record v1: header of 96 bytes, the digest at byte 28 of it, then the body.
const HEADER_BYTES = 96
const DIGEST_AT = 28
