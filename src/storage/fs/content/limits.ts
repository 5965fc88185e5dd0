/** Bytes of a leaf unless the pool says otherwise: the chunk size of the UnixFS profile unixfs-v1-2025 (IPIP-499). */
export const CHUNK_BYTES_DEFAULT = 2 ** 20

/** Children of an interior node at most, as in unixfs-v1-2025. */
export const LINKS_MAX = 1024

/** Memory for decoded interior nodes unless the owner says otherwise: 256 full nodes, the paths of 256 GiB. */
export const NODE_CACHE_BYTES = 8 * 2 ** 20

/** Lengths of partial zero leaves whose digest is remembered. */
export const ZERO_LEAVES_MAX = 1024

/** A directory whose block would be longer than this is sharded (unixfs-v1-2025: 256 KiB of whole block). */
export const DIRECTORY_BLOCK_BYTES_MAX = 256 * 1024

/** Levels of a sharded directory: each takes one of the eight bytes of the hash that go-ipfs uses. */
export const SHARD_LEVELS_MAX = 8
