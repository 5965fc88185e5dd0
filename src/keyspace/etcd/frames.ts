/** Bytes before each message of a gRPC stream: a flag for compression, and the length (gRPC over HTTP2, "Length-Prefixed-Message"). */
const HEAD_BYTES = 5

/** One message as gRPC puts it on a stream. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + message.byteLength)
  frame[0] = 0
  frame.writeUInt32BE(message.byteLength, 1)
  frame.set(message, HEAD_BYTES)
  return frame
}

/** Cuts what arrives on a stream into messages. */
export class FrameReader {
  #parts: Buffer[] = []
  #bytes = 0
  #wanted = HEAD_BYTES

  /** The messages that are whole with this piece; they share no memory with later ones. */
  push(piece: Buffer): Buffer[] {
    this.#parts.push(piece)
    this.#bytes += piece.byteLength
    if (this.#bytes < this.#wanted) return []
    let all = this.#parts.length === 1 ? piece : Buffer.concat(this.#parts)
    const messages: Buffer[] = []
    for (;;) {
      this.#wanted = all.byteLength < HEAD_BYTES ? HEAD_BYTES : HEAD_BYTES + all.readUInt32BE(1)
      if (all.byteLength < this.#wanted) break
      messages.push(all.subarray(HEAD_BYTES, this.#wanted))
      all = all.subarray(this.#wanted)
    }
    this.#parts = [all]
    this.#bytes = all.byteLength
    return messages
  }
}
