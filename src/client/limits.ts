/** Milliseconds a request may take before it counts as lost; watches have a time of their own. */
export const REQUEST_MS_MAX = 30_000

/** Bytes of one answer; lists come in pages. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Characters of one event of a watch: an object, and room for what JSON adds. */
export const EVENT_CHARS_MAX = 16 * 1024 * 1024

/** Objects in one page of a list. */
export const PAGE_OBJECTS = 500

/** Objects of a list that are taken into memory in one piece. */
export const OBJECTS_IN_PIECE = 64

/** Times a list begins anew because its revision was forgotten while it was read. */
export const LIST_TRIES_MAX = 3

/** Seconds a watch lasts before it is opened anew: this, and up to as much again, so that not all come at once. */
export const WATCH_SECONDS_MIN = 300

/** Milliseconds a watch may last beyond what was asked for: a server that went away silently does not end it. */
export const WATCH_GRACE_MS = 30_000

/** Milliseconds an informer waits after a failure: at first, and at most. */
export const INFORMER_PAUSE_MS = 100
export const INFORMER_PAUSE_MS_MAX = 30_000

/** Milliseconds a connection may take to be made. */
export const CONNECT_MS_MAX = 10_000
/** Milliseconds between pings of a connection, and until an answer to one: a server that went away silently is noticed. */
export const PING_MS = 30_000
export const PONG_MS_MAX = 10_000
