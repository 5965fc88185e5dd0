import type { DiskImage } from './disk/image.ts'
import type { Random } from './random.ts'

/** How many bytes of each file have rested. */
export type Rested = ReadonlyMap<string, number>

/** What there was of each file when everything was closed, and what of it has rested since the close before. */
export interface Resting {
  readonly closed: Rested
  readonly rested: Rested
}

export const NOTHING_RESTS: Resting = { closed: new Map(), rested: new Map() }

/**
 * What rests on a disk where everything was just closed. Of the log that is what later records say was durable: what
 * there was at the close before.
 */
export function restingOn(image: DiskImage, before: Resting): Resting {
  const closed = new Map<string, number>()
  const rested = new Map<string, number>()
  for (const [path, file] of image.names) {
    if (file === 'folder' || !ROTTING.test(path)) continue
    closed.set(path, file.durable.view.findLastIndex(byte => byte !== 0) + 1)
    rested.set(path, (path.endsWith('.log') ? before.closed : closed).get(path) ?? 0)
  }
  return { closed, rested }
}

/**
 * Flips one bit that has rested: of segments, of the log, or of an index. Bytes that nobody has made durable, or said
 * so of, look after a crash as if they had been torn. Answers where, or undefined when nothing rests.
 */
export function flipBit(image: DiskImage, random: Random, rested: Rested): string | undefined {
  const files = [...rested].flatMap(([path, bytes]) => {
    const file = image.names.get(path)
    const size = file === undefined || file === 'folder' ? 0 : Math.min(bytes, file.durable.size)
    return file === undefined || file === 'folder' || size === 0 ? [] : [{ path, file, size }]
  })
  if (files.length === 0) return undefined
  const { path, file, size } = random.pick(files)
  const at = random.below(size)
  const bit = 1 << random.below(8)
  const written = file.pending.some(
    write => write.kind === 'truncate' || (write.offset <= at && at < write.offset + write.bytes.byteLength),
  )
  for (const bytes of written ? [file.durable] : [file.durable, file.cached]) {
    if (at < bytes.size) bytes.view[at] = (bytes.view[at] ?? 0) ^ bit
  }
  return `${path} byte ${at}`
}

const ROTTING = /\.seg$|\.log$|\/index$|\/rows$|checkpoint/
