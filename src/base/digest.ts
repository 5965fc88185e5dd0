import { assert } from './assert.ts'
import type { Brand } from './brand.ts'
import { asBuffer, type ByteString, bytesOf } from './bytes.ts'

/**
 * The SHA-256 of a chunk, as a byte string of 32 characters: what names a chunk inside a pool. The public form is a
 * CIDv1; this one is for maps, keys and comparing.
 */
export type Digest = Brand<ByteString, 'Digest'>

/** Bytes in a SHA-256 digest. */
export const DIGEST_BYTES = 32

/** Takes 32 raw bytes as a digest. */
export function digestOf(bytes: Uint8Array): Digest {
  assert(bytes.byteLength === DIGEST_BYTES, 'a digest has 32 bytes')
  return asBuffer(bytes).toString('latin1') as Digest
}

/** The 32 raw bytes. */
export function digestBytes(digest: Digest): Buffer {
  return bytesOf(digest)
}

/** The digest in hexadecimal, for messages. */
export function digestHex(digest: Digest): string {
  return bytesOf(digest).toString('hex')
}
