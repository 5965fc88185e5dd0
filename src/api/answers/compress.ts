import { createGzip, type Gzip } from 'node:zlib'
import { isFromAfar } from '../request/afar.ts'

/**
 * True for a request whose answer is compressed when it is large: its client takes it so, and is not on this machine. Between
 * two programs of one machine nothing is slower than compressing.
 */
export function isCompressed(request: Request): boolean {
  if (!isFromAfar(request)) return false
  return (request.headers.get('accept-encoding') ?? '').split(',').some(word => word.trim().toLowerCase() === 'gzip')
}

/** Bytes compressed as they are taken, by a thread that is not ours. What breaks the bytes off breaks this off. */
export async function* compressed(bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  // As Kubernetes does: the little that a slower level gains is not worth its time.
  const gzip = createGzip({ level: 1 })
  const fed = feed(gzip, bytes)
  try {
    const pieces: AsyncIterable<Uint8Array> = gzip
    yield* pieces
  } finally {
    gzip.destroy()
    await fed
  }
}

/** What an answer of {@link compressed} says of itself. */
export const COMPRESSED_HEADERS = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' } as const

// Ends with the compressor. What goes wrong is told to whoever reads from it.
async function feed(gzip: Gzip, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  try {
    for await (const piece of bytes) await written(gzip, piece)
    gzip.end()
  } catch (error) {
    gzip.destroy(error instanceof Error ? error : new Error('what is compressed broke off', { cause: error }))
  }
}

function written(gzip: Gzip, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.write(piece, error => (error === null || error === undefined ? resolve() : reject(error)))
  })
}
