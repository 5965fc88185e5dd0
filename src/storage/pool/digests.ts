import { asBuffer, bytesOf, DIGEST_BYTES, type Digest, digestBytes, digestOf } from '#base'
import { rpcFault } from '#rpc'
import { DIGESTS_MAX } from './limits.ts'

/** Digests behind each other, as they travel. */
export function packDigests(digests: readonly Digest[]): Buffer {
  return bytesOf(digests.join(''))
}

/** Reads what {@link packDigests} wrote, from anybody. Faults: BadMessage. */
export function unpackDigests(body: Uint8Array): Digest[] {
  if (body.byteLength % DIGEST_BYTES !== 0 || body.byteLength > DIGESTS_MAX * DIGEST_BYTES) {
    throw rpcFault('BadMessage', `a body of ${body.byteLength} bytes is no list of at most ${DIGESTS_MAX} digests`)
  }
  const digests: Digest[] = []
  for (let at = 0; at < body.byteLength; at += DIGEST_BYTES)
    digests.push(digestOf(body.subarray(at, at + DIGEST_BYTES)))
  return digests
}

/** One byte for each answer. */
export function packFlags(flags: readonly boolean[]): Buffer {
  return Buffer.from(flags.map(Number))
}

/** Reads what {@link packFlags} wrote for so many questions. Faults: BadMessage. */
export function unpackFlags(body: Uint8Array, count: number): boolean[] {
  if (body.byteLength !== count) throw rpcFault('BadMessage', `${body.byteLength} answers to ${count} questions`)
  return Array.from(body, byte => byte === 1)
}

/** A digest as a parameter. */
export function digestText(digest: Digest): string {
  return digestBytes(digest).toString('hex')
}

/** Reads what {@link digestText} wrote, from anybody. Faults: BadMessage. */
export function digestOfText(text: string): Digest {
  if (!/^[0-9a-f]{64}$/.test(text)) throw rpcFault('BadMessage', 'digest must be 64 hexadecimal digits')
  return digestOf(Buffer.from(text, 'hex'))
}

/** The bytes of a chunk as messages carry them. */
export function* piecesOf(bytes: Uint8Array, pieceBytes: number): Generator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) yield asBuffer(bytes.subarray(at, at + pieceBytes))
}
