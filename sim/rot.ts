import type { DiskImage } from './disk/image.ts'
import type { Random } from './random.ts'

/** Flips one bit of a durable byte of a file whose path fits; answers where, or undefined when there is none. */
export function flipBit(image: DiskImage, random: Random, fits: (path: string) => boolean): string | undefined {
  const files = [...image.names].flatMap(([path, file]) =>
    file !== 'folder' && fits(path) && file.durable.size > 0 ? [{ path, file }] : [],
  )
  if (files.length === 0) return undefined
  const { path, file } = random.pick(files)
  const at = random.below(file.durable.size)
  const bit = 1 << random.below(8)
  const written = file.pending.some(
    write => write.kind === 'truncate' || (write.offset <= at && at < write.offset + write.bytes.byteLength),
  )
  for (const bytes of written ? [file.durable] : [file.durable, file.cached]) {
    if (at < bytes.size) bytes.view[at] = (bytes.view[at] ?? 0) ^ bit
  }
  return `${path} byte ${at}`
}
