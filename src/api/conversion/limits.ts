/** Reviews that conversion webhooks are sent at once; others wait. */
export const CONVERSIONS_AT_ONCE = 16
/** Milliseconds that a conversion webhook may take. */
export const CONVERSION_MS = 30_000
/** Bytes of its answer, which is to as many objects as are read at once. */
export const CONVERSION_BYTES_MAX = 128 * 1024 * 1024
