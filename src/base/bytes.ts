/**
 * A string with one character per byte (code points 0 to 255). Keys and file names are held like this: any byte is
 * allowed, they compare with `<` in byte order, and they work in a `Map`.
 */
export type ByteString = string

/** The bytes of a byte string. */
export function bytesOf(text: ByteString): Buffer {
  return Buffer.from(text, 'latin1')
}

/** A byte string of these bytes. */
export function byteString(bytes: Uint8Array): ByteString {
  return asBuffer(bytes).toString('latin1')
}

/** A byte string of a text in UTF-8. */
export function byteStringOfText(text: string): ByteString {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of a byte string that holds UTF-8; broken sequences become U+FFFD. */
export function textOf(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** The same memory as a `Buffer`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Sets all bytes to 0. V8 copies into shared memory seven times as fast as it fills it. */
export function fillZeros(into: Uint8Array): void {
  for (let at = 0; at < into.byteLength; at += ZEROS.byteLength) {
    const left = into.byteLength - at
    into.set(left < ZEROS.byteLength ? ZEROS.subarray(0, left) : ZEROS, at)
  }
}

const ZEROS = new Uint8Array(64 * 1024)

/** 8 bytes, big endian, so that byte order is number order. `value` is an integer of 0 to 2^53 - 1. */
export function beU64(value: number): ByteString {
  scratch.writeUInt32BE(Math.floor(value / 2 ** 32), 0)
  scratch.writeUInt32BE(value >>> 0, 4)
  return scratch.toString('latin1', 0, 8)
}

/** Reads what {@link beU64} wrote, at `offset` of a byte string. */
export function readBeU64(text: ByteString, offset = 0): number {
  let value = 0
  for (let i = 0; i < 8; i++) value = value * 256 + text.charCodeAt(offset + i)
  return value
}

/** The smallest byte string greater than every string that starts with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: ByteString): ByteString | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    const code = prefix.charCodeAt(i)
    if (code < 255) return prefix.slice(0, i) + String.fromCharCode(code + 1)
  }
  return undefined
}

const scratch = Buffer.alloc(8)
