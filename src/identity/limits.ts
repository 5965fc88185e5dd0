/** Wrong secrets for one token from one sender within {@link ATTEMPTS_WINDOW_MS} before he is not even heard about it any more. */
export const ATTEMPTS_MAX = 10
/** How long they count. */
export const ATTEMPTS_WINDOW_MS = 60_000
/** Senders and tokens whose failures are remembered at once. */
export const ATTEMPTS_KEPT = 10_000
/** Characters of a certificate signing request in PEM. */
export const SIGNING_REQUEST_BYTES_MAX = 16 * 1024
/** Bits of an RSA key that a certificate is made for. */
export const RSA_BITS_MIN = 2048
/** How long tokens hold that are bound to what is being deleted, behind the time it was given for that. */
export const DELETED_LEEWAY_MS = 60_000
/** Addresses in a token that lets a machine in. */
export const JOIN_ADDRESSES_MAX = 16
/** Characters of such a token. */
export const JOIN_TOKEN_CHARACTERS_MAX = 2_048
