/** A reliable, ordered connection of bytes to one peer: a unix socket, mutual TLS, or a pair in memory. */
export interface Duplex {
  /** What the peer sends; ends when it has closed or the connection broke. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Takes the parts, in order and unchanged until sent. After close it does nothing. */
  write(parts: readonly Uint8Array[]): void
  /** True when the peer has not taken enough: wait for {@link drained} before writing much. */
  readonly congested: boolean
  /** Resolves when the connection is no longer congested, or closed. */
  drained(): Promise<void>
  /** Bytes handed to `write` that have not left yet. */
  readonly bufferedBytes: number
  /** Sends what was written, then ends the connection. */
  close(): void
  /** Ends the connection at once. */
  destroy(): void
}
