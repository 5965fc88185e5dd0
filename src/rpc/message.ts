import { Decoder, Encoder } from '@msgpack/msgpack'
import { rpcFault } from './faults.ts'
import { BODY_BYTES_MAX, HEAD_BYTES_MAX } from './limits.ts'

/** What travels: a small structured head and raw bytes that nobody has to copy into it. */
export interface Message<Head> {
  readonly head: Head
  readonly body: Uint8Array
}

/** No bytes. */
export const NO_BYTES: Uint8Array = new Uint8Array(0)

/** A message of a head and, when given, a body of at most BODY_BYTES_MAX. */
export function message<Head>(head: Head, body: Uint8Array = NO_BYTES): Message<Head> {
  return { head, body }
}

/** The head in MessagePack; a bigint as int64. Nothing (undefined) is no bytes. Faults: BadMessage. */
export function encodeHead(head: unknown): Uint8Array {
  if (head === undefined) return NO_BYTES
  const bytes = encoder.encode(head)
  if (bytes.byteLength > HEAD_BYTES_MAX) {
    throw rpcFault('BadMessage', `a message head has ${bytes.byteLength} bytes, more than ${HEAD_BYTES_MAX}`)
  }
  return bytes
}

/** Reads what {@link encodeHead} wrote, from anybody. Faults: BadFrame. */
export function decodeHead(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return undefined
  try {
    return decoder.decode(bytes)
  } catch (error) {
    throw rpcFault('BadFrame', 'a message head is not MessagePack', { cause: error })
  }
}

/** Faults: BadMessage when the body is too large for one message. */
export function checkBody(body: Uint8Array): void {
  if (body.byteLength <= BODY_BYTES_MAX) return
  throw rpcFault('BadMessage', `a message body has ${body.byteLength} bytes, more than ${BODY_BYTES_MAX}`)
}

const encoder = new Encoder({ useBigInt64: true, ignoreUndefined: true })
const decoder = new Decoder({
  useBigInt64: true,
  maxStrLength: HEAD_BYTES_MAX,
  maxBinLength: HEAD_BYTES_MAX,
  maxArrayLength: HEAD_BYTES_MAX,
  maxMapLength: HEAD_BYTES_MAX,
  maxExtLength: 0,
})
