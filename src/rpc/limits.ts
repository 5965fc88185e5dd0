/** Bytes behind the frame header: a body of 1 MiB and its MessagePack header. */
export const FRAME_BYTES_MAX = 1024 * 1024 + 65_535

/** The largest MessagePack header of one message; the frame header counts it in 16 bits. */
export const HEAD_BYTES_MAX = 65_535

/** The largest raw body of one message. */
export const BODY_BYTES_MAX = 1024 * 1024

/** Calls one connection may have open at a time; one more is refused with Busy. */
export const CALLS_MAX = 128

/** What one side of a call may send before the other has taken it. Announced in hello. */
export const WINDOW_BYTES = 4 * 1024 * 1024

/** Bytes waiting in a connection above which a peer that does not read is cut off. */
export const BUFFERED_BYTES_MAX = 16 * 1024 * 1024

/** Bytes waiting in a socket above which more than small things wait. */
export const CONGESTED_BYTES = 64 * 1024

/** Parts that leave a socket together are so many bytes at most; a larger one leaves by itself. */
export const TOGETHER_BYTES_MAX = 16 * 1024

/** Bytes that came in by a socket and that nobody has looked at, above which it is not read. */
export const RECEIVED_BYTES_MAX = 128 * 1024

/** A put that breaks off keeps what it brought for the next one from so many bytes on; less is sent again. */
export const RESUME_BYTES_MIN = 4 * 1024 * 1024

/** How long the other side may take to say hello. */
export const HELLO_TIMEOUT_MS = 10_000

/** The longest deadline a call may carry: a day. */
export const TIMEOUT_MS_MAX = 24 * 3600 * 1000

/** Characters of a method's name. */
export const METHOD_CHARACTERS_MAX = 100

/** Characters of what a machine calls its start by. */
export const BOOT_CHARACTERS_MAX = 32

/** Blocks of BODY_BYTES_MAX that are kept for bodies to come, in the whole process. */
export const BLOCKS_KEPT_MAX = 16

/** The last message of a call, head and body, up to so many bytes is sent also while the connection is congested. */
export const END_UNASKED_BYTES_MAX = 1024

/** Characters of a fault's message or hint on the wire; longer ones are cut. */
export const FAULT_CHARACTERS_MAX = 4096

/** Connections one socket serves at a time. */
export const CONNECTIONS_MAX = 256

/** Machines that may be connected to one port of machines, and callers whose TLS handshake is not over. */
export const PEERS_MAX = 2048
export const HANDSHAKES_MAX = 64

/** Callers without a certificate at one port of machines at a time, how long each may stay, the largest frame and the calls of each. */
export const STRANGERS_MAX = 16
export const STRANGER_LIFE_MS = 30_000
export const STRANGER_FRAME_BYTES_MAX = 64 * 1024
export const STRANGER_CALLS_MAX = 1
