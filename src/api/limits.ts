/** Bytes of a request's body: what etcd takes for one object, and room for what is left out. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024
/** Characters of a selector, a continue token and any other parameter of a request. */
export const PARAMETER_CHARS_MAX = 16 * 1024
/** Objects read at once while a list is made: the event loop turns between. */
export const LIST_PAGE = 500
/** Tries of a change that nobody asked to be refused when the object changed meanwhile. */
export const UPDATE_TRIES_MAX = 10
/** Names tried for `generateName`. */
export const GENERATED_NAMES_MAX = 8
/** Seconds a watch lasts when the client names no time: this, and up to as much again. */
export const WATCH_SECONDS_MIN = 1800
/** Seconds between bookmarks of a watch that wants them. */
export const BOOKMARK_SECONDS = 60
/** Operations in one JSON patch. */
export const PATCH_OPERATIONS_MAX = 10_000
