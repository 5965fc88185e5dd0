/** Failures of one name within {@link ATTEMPTS_WINDOW_MS} before it is not even tried any more. */
export const ATTEMPTS_MAX = 10
/** How long failures count. */
export const ATTEMPTS_WINDOW_MS = 60_000
/** Names whose failures are remembered at once. */
export const ATTEMPTS_KEPT = 10_000
/** Characters of a certificate signing request in PEM. */
export const SIGNING_REQUEST_BYTES_MAX = 16 * 1024
/** Bits of an RSA key that a certificate is made for. */
export const RSA_BITS_MIN = 2048
