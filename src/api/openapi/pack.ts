import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { createGzip, type Gzip, gunzip } from 'node:zlib'
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
 * Hashes and compresses a document while it is made. After every slice the compressor, which is a thread of its own, is
 * waited for, so that others are served meanwhile however large the document is.
 */
export async function pack(pieces: Iterable<string | Uint8Array>): Promise<Packed> {
  const gzip = createGzip()
  const compressed: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk))
  const hash = createHash('sha512')
  let byteLength = 0
  for (const slice of slices(pieces)) {
    hash.update(slice)
    byteLength += slice.length
    await written(gzip, slice)
  }
  await ended(gzip)
  return { hash: hash.digest('hex').toUpperCase(), gzip: Buffer.concat(compressed), byteLength }
}

/** The document as it was before it was compressed. */
export async function unpack({ gzip }: Packed): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await promisify(gunzip)(gzip))
}

function* slices(pieces: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  let parts: Uint8Array[] = []
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

function written(gzip: Gzip, slice: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.write(slice, error => (error === null || error === undefined ? resolve() : reject(error)))
  })
}

function ended(gzip: Gzip): Promise<void> {
  return new Promise((resolve, reject) => {
    gzip.once('end', resolve).once('error', reject).end()
  })
}
