import { createHash } from 'node:crypto'
import { DOCUMENT_SLICE_BYTES } from './limits.ts'

/** A finished document: only its compressed bytes are kept. */
export interface Packed {
  /** SHA-512 of the document, in capitals: the same contents have the same hash. */
  readonly hash: string
  readonly gzip: Uint8Array<ArrayBuffer>
  /** Bytes before compression. */
  readonly byteLength: number
}

/**
 * Hashes and compresses a document while it is made. After every slice the compressor is waited for, so that others are
 * served meanwhile however large the document is.
 */
export async function pack(pieces: Iterable<string | Uint8Array<ArrayBuffer>>): Promise<Packed> {
  const compressor = new CompressionStream('gzip')
  const gzip = new Response(compressor.readable).arrayBuffer()
  const hash = createHash('sha512')
  const writer = compressor.writable.getWriter()
  let byteLength = 0
  for (const slice of slices(pieces)) {
    hash.update(slice)
    byteLength += slice.length
    await writer.write(slice)
  }
  await writer.close()
  return { hash: hash.digest('hex').toUpperCase(), gzip: new Uint8Array(await gzip), byteLength }
}

/** The document as it was before it was compressed. */
export async function unpack({ gzip }: Packed): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([gzip]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function* slices(pieces: Iterable<string | Uint8Array<ArrayBuffer>>): Generator<Uint8Array<ArrayBuffer>> {
  let parts: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for (const piece of pieces) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
    parts.push(bytes)
    length += bytes.length
    if (length < DOCUMENT_SLICE_BYTES) continue
    yield Buffer.concat(parts)
    parts = []
    length = 0
  }
  yield Buffer.concat(parts)
}
