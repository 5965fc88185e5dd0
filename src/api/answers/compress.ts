import { Readable, pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import { isFromAfar } from '../request/afar.ts'

/**
 * True for a request whose answer is compressed when it is large: its client takes it so, and is not on this machine. Between
 * two programs of one machine nothing is slower than compressing: a list of 10,000 pods would take twice as long.
 */
export function isCompressed(request: Request): boolean {
  if (!isFromAfar(request)) return false
  return (request.headers.get('accept-encoding') ?? '').split(',').some(word => word.trim().toLowerCase() === 'gzip')
}

/** Bytes compressed as they are taken, by a thread that is not ours. What breaks the bytes off breaks this off. */
export function compressed(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // As Kubernetes does: the little that a slower level gains is not worth its time.
  const gzip = createGzip({ level: 1 })
  // What goes wrong is told to whoever reads.
  pipeline(Readable.from(bytes), gzip, () => undefined)
  return gzip
}

/** What an answer of {@link compressed} says of itself. */
export const COMPRESSED_HEADERS = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } as const
