/** Directories and inodes of which memory knows that they are marked as changed. */
export const MARKED_CACHE_MAX = 20_000
/** Entries kept inside a directory's own manifest node; a larger directory has pages. */
export const INLINE_ENTRIES_MAX = 256
export const INLINE_ENTRY_BYTES_MAX = 128 * 1024
/** Entries and bytes of one page: 128 entries in the mean. */
export const PAGE_ENTRIES_MAX = 512
export const PAGE_BYTES_MAX = 256 * 1024
/** Pages or index nodes that one node points to. */
export const PAGE_REFS_MAX = 256
/** Extended attributes up to this many bytes, names and values, stay inside an entry. */
export const INLINE_XATTR_BYTES_MAX = 1024
/** Bytes of decoded manifest nodes kept in memory. */
export const MANIFEST_CACHE_BYTES = 8 * 2 ** 20
/** Entries read in one step of making manifests: about 20 ms. */
export const STEP_ENTRIES_MAX = 500
/** Entries after which manifests are made durable and named: a crash costs no more work than this. */
export const COMMIT_ENTRIES = 5000
/** Names restored, compared or named by a CID before other work gets its turn: about 10 ms. */
export const STEPS_PER_TURN = 200
/** Marks below which the rest is read in one step: about 50 ms. */
export const CUT_MARKS_MAX = 200
/** Rounds of catching up with changes before the rest is read in one step however much it is. */
export const CATCH_UP_ROUNDS_MAX = 6
/** Bytes of a snapshot's name, as of any name. */
export const SNAPSHOT_NAME_BYTES_MAX = 255
/** Snapshots of one filesystem. */
export const SNAPSHOTS_MAX = 4096
/** Nodes of `/.snapshots` kept by inode number. */
export const VIRTUAL_NODES_MAX = 50_000
/** Nodes remembered as walked while references are told: about 16 MiB. */
export const WALKED_MAX = 200_000
/** Digests told at once, and rows read at once, while references are told. */
export const REFERENCES_PER_BATCH = 4096
export const ROWS_PER_STEP = 256
/** CIDs of directories remembered by their manifest. */
export const CID_CACHE_MAX = 50_000
/** Extended attributes that are restored in one change. */
export const XATTRS_PER_CHANGE = 8
