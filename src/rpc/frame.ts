import { asBuffer, assert, type StructOf, struct, u8, u16, u32 } from '#base'
import { rpcFault } from './faults.ts'
import { FRAME_BYTES_MAX, PARTS_MAX } from './limits.ts'

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
  #parts: Uint8Array[] = []
  #held = 0
  #header: StructOf<typeof FrameHeader> | undefined

  constructor(bytesMax = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Takes bytes as they came and yields the frames that are whole. Faults: BadFrame. */
  *push(chunk: Uint8Array): Generator<Frame> {
    if (chunk.byteLength > 0) this.#parts.push(chunk)
    this.#held += chunk.byteLength
    if (this.#parts.length > PARTS_MAX) this.#parts = [this.#gather(this.#held)]
    for (;;) {
      this.#header ??= this.#readHeader()
      const header = this.#header
      if (header === undefined || this.#held < header.bytes) return
      this.#header = undefined
      const payload = this.#take(header.bytes)
      yield {
        kind: header.kind,
        flags: header.flags,
        stream: header.stream,
        head: payload.subarray(0, header.headBytes),
        body: payload.subarray(header.headBytes),
      }
    }
  }

  #readHeader(): StructOf<typeof FrameHeader> | undefined {
    if (this.#held < FrameHeader.size) return undefined
    const header = FrameHeader.read(this.#take(FrameHeader.size))
    if (header.bytes > this.#bytesMax) throw rpcFault('BadFrame', `a frame claims ${header.bytes} bytes`)
    if (header.headBytes > header.bytes) throw rpcFault('BadFrame', 'a frame head is longer than the frame')
    if ((header.flags & ~ACCEPTOR) !== 0) throw rpcFault('BadFrame', `a frame has unknown flags ${header.flags}`)
    return header
  }

  // Copies only when the wanted bytes came in more than one piece.
  #take(bytes: number): Uint8Array {
    this.#held -= bytes
    const first = this.#parts[0] ?? EMPTY
    if (first.byteLength > bytes) {
      this.#parts[0] = first.subarray(bytes)
      return first.subarray(0, bytes)
    }
    if (first.byteLength === bytes) {
      this.#parts.shift()
      return first
    }
    return this.#gather(bytes)
  }

  #gather(bytes: number): Uint8Array {
    const whole = Buffer.allocUnsafe(bytes)
    let filled = 0
    let used = 0
    for (const part of this.#parts) {
      const count = Math.min(part.byteLength, bytes - filled)
      whole.set(part.subarray(0, count), filled)
      filled += count
      if (count < part.byteLength) {
        this.#parts[used] = part.subarray(count)
        break
      }
      used += 1
    }
    this.#parts.splice(0, used)
    return whole
  }
}

const EMPTY = asBuffer(new Uint8Array(0))
