import { asBuffer, assert, type StructOf, struct, u8, u16, u32 } from '#base'
import { takeBlock } from './blocks.ts'
import { rpcFault } from './faults.ts'
import { FRAME_BYTES_MAX } from './limits.ts'

/** What stands before every frame. */
export const FrameHeader = struct({
  /** Bytes behind this header: head and body. */
  bytes: u32,
  /** Bytes of the MessagePack head, first behind this header. */
  headBytes: u16,
  kind: u8,
  /** {@link ACCEPTOR} or 0; other bits are refused, so that they can get a meaning later. */
  flags: u8,
  /** The call the frame belongs to; 0 for the connection. Each side counts its own calls up from 1. */
  stream: u32,
})
assert(FrameHeader.size === 12, 'a frame header has 12 bytes')

/** What a frame says. Numbers are on the wire and never change their meaning. */
export const FRAME = {
  /** First in each direction: protocol, software, window. */
  hello: 1,
  /** Opens a call: method, version, parameters, deadline. */
  call: 2,
  /** One message of a call's stream; counts against the window. */
  item: 3,
  /** This side has sent its last message; from the answering side it carries the result and ends the call. */
  end: 4,
  /** The call failed; from the answering side. */
  fault: 5,
  /** The caller gave up. */
  cancel: 6,
  /** The other side may send so many bytes more on this call. */
  window: 7,
} as const

/** Flag of frames that belong to a call of the side that accepted the connection; others are of the side that dialled. */
export const ACCEPTOR = 1

/** A frame as read. Head and body may share memory with what was received. */
export interface Frame {
  readonly kind: number
  /** {@link ACCEPTOR} or 0. */
  readonly flags: number
  readonly stream: number
  readonly head: Uint8Array
  readonly body: Uint8Array
}

/** The bytes of a frame, in parts so that a body is not copied. */
export function encodeFrame({ kind, flags, stream, head, body }: Frame): readonly Uint8Array[] {
  const bytes = head.byteLength + body.byteLength
  assert(bytes <= FRAME_BYTES_MAX, 'a frame fits its limit')
  const header = FrameHeader.bytes({ bytes, headBytes: head.byteLength, kind, flags, stream })
  if (body.byteLength === 0) return [Buffer.concat([header, head])]
  return [header, head, body]
}

/** Cuts a stream of bytes into frames; keeps at most one frame's bytes, and refuses frames of more than `bytesMax`. */
export class FrameReader {
  readonly #bytesMax: number
  readonly #start = new Gathering(Buffer.alloc(FrameHeader.size))
  #header: StructOf<typeof FrameHeader> | undefined
  /** Head and body of a frame that comes in pieces. */
  #parts: { readonly head: Gathering; readonly body: Gathering } | undefined

  constructor(bytesMax = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Takes bytes as they came and yields the frames that are whole. Faults: BadFrame. */
  *push(chunk: Uint8Array): Generator<Frame> {
    for (let rest = chunk; ; ) {
      if (this.#header === undefined) {
        rest = this.#start.take(rest)
        if (!this.#start.isFull) return
        this.#header = this.#checked(FrameHeader.read(this.#start.bytes))
      }
      const { bytes, headBytes, kind, flags, stream } = this.#header
      let head: Uint8Array
      let body: Uint8Array
      if (this.#parts === undefined && rest.byteLength >= bytes) {
        head = rest.subarray(0, headBytes)
        body = rest.subarray(headBytes, bytes)
        rest = rest.subarray(bytes)
      } else {
        // Copied as it comes: pieces that are kept cost the collector more than the copy.
        this.#parts ??= partsOf(headBytes, bytes - headBytes)
        rest = this.#parts.body.take(this.#parts.head.take(rest))
        if (!this.#parts.head.isFull || !this.#parts.body.isFull) return
        head = this.#parts.head.bytes
        body = this.#parts.body.bytes
      }
      this.#next()
      yield { kind, flags, stream, head, body }
    }
  }

  #next(): void {
    this.#start.clear()
    this.#header = undefined
    this.#parts = undefined
  }

  #checked(header: StructOf<typeof FrameHeader>): StructOf<typeof FrameHeader> {
    if (header.bytes > this.#bytesMax) throw rpcFault('BadFrame', `a frame claims ${header.bytes} bytes`)
    if (header.headBytes > header.bytes) throw rpcFault('BadFrame', 'a frame head is longer than the frame')
    if ((header.flags & ~ACCEPTOR) !== 0) throw rpcFault('BadFrame', `a frame has unknown flags ${header.flags}`)
    return header
  }
}

/** Bytes that come in pieces. */
class Gathering {
  readonly bytes: Uint8Array
  #filled = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get isFull(): boolean {
    return this.#filled === this.bytes.byteLength
  }

  /** Takes what is wanted of a piece and answers the rest. */
  take(piece: Uint8Array): Uint8Array {
    const count = Math.min(piece.byteLength, this.bytes.byteLength - this.#filled)
    if (count === 0) return piece
    asBuffer(piece).copy(this.bytes, this.#filled, 0, count)
    this.#filled += count
    return piece.subarray(count)
  }

  clear(): void {
    this.#filled = 0
  }
}

function partsOf(headBytes: number, bodyBytes: number) {
  return { head: new Gathering(Buffer.allocUnsafeSlow(headBytes)), body: new Gathering(takeBlock(bodyBytes)) }
}
