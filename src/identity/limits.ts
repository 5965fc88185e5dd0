/** Failures of one name within {@link ATTEMPTS_WINDOW_MS} before it is not even tried any more. */
export const ATTEMPTS_MAX = 10
/** How long failures count. */
export const ATTEMPTS_WINDOW_MS = 60_000
/** Names whose failures are remembered at once. */
export const ATTEMPTS_KEPT = 10_000
