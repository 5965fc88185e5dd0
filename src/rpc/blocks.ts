import { Spares } from '#base'
import { BLOCKS_KEPT_MAX, BODY_BYTES_MAX } from './limits.ts'

const spares = new Spares<SharedArrayBuffer>(BLOCKS_KEPT_MAX * BODY_BYTES_MAX)

/** Memory for a body of so many bytes, which threads share when it is large. What was in it before is still there. */
export function takeBlock(bytes: number): Uint8Array {
  if (bytes > BODY_BYTES_MAX || bytes <= BODY_BYTES_MAX / 2) return Buffer.allocUnsafeSlow(bytes)
  return new Uint8Array(spares.take(BODY_BYTES_MAX) ?? new SharedArrayBuffer(BODY_BYTES_MAX), 0, bytes)
}

/**
 * Gives the memory of a body that came back, so that the next one uses it: nobody may look at the body any more. Who does not
 * leaves it to the collector, which memory outside its heap costs more than all the rest of a transfer.
 */
export function giveBack({ buffer, byteOffset }: Uint8Array): void {
  const isBlock = buffer instanceof SharedArrayBuffer && buffer.byteLength === BODY_BYTES_MAX && byteOffset === 0
  if (isBlock && !spares.has(BODY_BYTES_MAX, buffer)) spares.give(BODY_BYTES_MAX, buffer)
}
