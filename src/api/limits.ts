/** Bytes of a request's body: what etcd takes for one object, and room for what is left out. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024
/** Fields and items of all objects and lists in a body: several times those of the largest definitions that operators bring. */
export const BODY_VALUES_MAX = 32_768
/** How deep objects and lists may lie in each other in a body. */
export const BODY_DEPTH_MAX = 1_000
/** Characters of a body in YAML that is not JSON, which is read a hundred times slower. */
export const YAML_CHARS_MAX = 128 * 1024
/** The same of what is read at once: whatever is no object of a kind, such as reviews and options. */
export const YAML_SMALL_CHARS_MAX = 4 * 1024
/** Tokens of it, such as a key, a colon, a space or a line's end: what they say is made in one piece. */
export const YAML_TOKENS_MAX = 24 * 1024
/** Characters of a selector, a continue token and any other parameter of a request. */
export const PARAMETER_CHARS_MAX = 16 * 1024
/** Bytes from which on an answer is compressed for clients that take it so, as Kubernetes does. */
export const COMPRESS_BYTES_MIN = 128 * 1024
/** Objects read at once while a list is made. */
export const LIST_PAGE = 48
/** Bytes of objects kept of what is read so, but for one that alone has more: clients that take nothing hold as much. */
export const LIST_PAGE_BYTES = 256 * 1024
/** Bytes of objects from which on a piece of a list ends, however many its client asked for. */
export const LIST_PIECE_BYTES = 4 * 1024 * 1024
/** Objects in one answer to a client that asks for a list in pieces, however many it asks for. */
export const LIST_LIMIT_MAX = 2_500
/** Changes of one resource kept for all who watch it; half of them stay when they become too many. */
export const FEED_CHANGES_MAX = 4_096
/** Bytes of those changes, and of the lines made of the newest. */
export const FEED_BYTES_MAX = 4 * 1024 * 1024
/** Newest changes whose objects are kept as they were read, and the lines made of them; of those before, only the bytes are. */
export const FEED_READ_MAX = 128
/** Revisions before its beginning that a feed reads, for those who come back to their watch. */
export const FEED_PAST_REVISIONS = 2_000
/** Bytes of watch lines sent in one piece. */
export const WATCH_CHUNK_BYTES = 64 * 1024
/** Tries of a change that nobody asked to be refused when the object changed meanwhile. */
export const UPDATE_TRIES_MAX = 10
/** Namespaces of which it is kept that they are there. */
export const NAMESPACES_KNOWN_MAX = 10_000
/** Definitions of which it is kept that they are there. */
export const DEFINITIONS_KNOWN_MAX = 1_000
/** Tries to make an object: with another name for `generateName`, or when its namespace changed meanwhile. */
export const CREATE_TRIES_MAX = 8
/** Objects of a collection that are deleted at once. */
export const DELETES_AT_ONCE = 32
/** Those of them that are begun in one turn. */
export const DELETES_IN_TURN = 4
/** Changes that one who watches is told of in one turn. */
export const CHANGES_IN_TURN = 64
/** Bytes of a change's objects from which on they are read in steps for one who watches. */
export const LARGE_CHANGE_BYTES = 256 * 1024
/** Seconds a watch lasts when the client names no time: this, and up to as much again. */
export const WATCH_SECONDS_MIN = 1800
/** Seconds a watch lasts at most, whatever the client names. */
export const WATCH_SECONDS_MAX = 24 * 3600
/** Milliseconds between looks at whether those who watch still may, when nothing is known to have changed. */
export const LASTING_LOOK_MS = 60_000
/** Milliseconds of rest behind such a look, at least. */
export const LASTING_REST_MS = 100
/** Watches of which it is asked at once whether they may go on. */
export const LASTING_AT_ONCE = 8
/** Seconds between bookmarks of a watch that wants them. */
export const BOOKMARK_SECONDS = 60
/** Operations in one JSON patch. */
export const PATCH_OPERATIONS_MAX = 10_000
/** Values that one JSON patch copies, compares or shifts, all operations together; 16 characters that are copied count as one. */
export const PATCH_VALUES_MAX = 250_000
/** How deep objects and lists may lie in each other, in a patch and in what it makes. */
export const PATCH_DEPTH_MAX = 100
/** Characters of a request's URL. */
export const URL_CHARS_MAX = 32 * 1024
/** Seconds a request may take that is no watch. */
export const REQUEST_SECONDS_MAX = 60
/** Requests under way, but for watches. */
export const REQUESTS_MAX = 1_000
/** The same of one client. */
export const REQUESTS_PER_CLIENT_MAX = 400
/** Bootstrap tokens that one sender exchanges at once. */
export const EXCHANGES_PER_SENDER_MAX = 16
/** Seconds that an exchange may take. */
export const EXCHANGE_SECONDS_MAX = 10
/** Bytes of what is sent for one. */
export const EXCHANGE_BYTES_MAX = 4 * 1024
/** Watches of one client. */
export const WATCHES_PER_CLIENT_MAX = 2_000
/** Seconds that the checks of health may take. */
export const HEALTH_SECONDS_MAX = 5
/** Doubled fields of one body that its sender is told of. */
export const DUPLICATES_TOLD_MAX = 100
/** Bytes of the name that a field's manager has. */
export const FIELD_MANAGER_BYTES_MAX = 128
/** Tries to apply an object that others make and delete meanwhile. */
export const APPLY_TRIES_MAX = 5
/** Fields named in the refusal of an apply. */
export const CONFLICTS_TOLD_MAX = 1_000
/** Seconds a service account's token holds: at least this. */
export const TOKEN_SECONDS_MIN = 600
/** And at most this: a year. */
export const TOKEN_SECONDS_MAX = 365 * 24 * 3600
/** Seconds the token holds that a bootstrap token is exchanged for. */
export const EXCHANGED_TOKEN_SECONDS = 300
/** Milliseconds between tries to follow the definitions of custom resources. */
export const DEFINITIONS_RETRY_MS = 500
/** Milliseconds that answers under way may take when the server ends. */
export const CLOSE_MS_MAX = 2_000
/** Connections at once; more are closed before they say anything. */
export const CONNECTIONS_MAX = 5_000
/** The same of one sender: an IPv4 address, or 64 bits of an IPv6 address. */
export const CONNECTIONS_PER_SENDER_MAX = 1_250
/** Requests under way in one connection of HTTP/2. */
export const STREAMS_MAX = 2_000
/** Tries to find by chance something that is still to be given, before all that is left is looked at. */
export const CLAIM_TRIES_MAX = 16
