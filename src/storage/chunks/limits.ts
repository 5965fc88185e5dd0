const KIB = 1024
const MIB = 1024 * KIB

/** The largest chunk. */
export const CHUNK_BYTES_MAX = 16 * MIB
/** The stretch of a record's body that one CRC covers: what a small read has to fetch. */
export const BLOCK_BYTES = 16 * KIB
/** Checks of blocks that the index keeps for one chunk: those of 1 MiB. */
export const CHECKS_BYTES_MAX = 256
/** Where a segment is full and the next one begins. */
export const SEGMENT_BYTES_MAX = 256 * MIB
/** The smallest share of a disk that is of use: one segment. */
export const SHARE_BYTES_MIN = SEGMENT_BYTES_MAX
/** Records start at multiples of this, so that a scan finds the next one behind a damaged one. */
export const RECORD_ALIGN_BYTES = 64
/** Up to here hashing and writing on the calling thread is cheaper than two hops (about 100 us each). */
export const INLINE_BYTES_MAX = 64 * KIB
/** Bytes of callers' private memory copied for worker threads at one time. */
export const COPY_BYTES_MAX = 16 * MIB
/** Jobs handed to worker threads at one time; later ones wait. */
export const JOBS_MAX = 256
/** Open segments kept for reading, beside those being written. */
export const OPEN_SEGMENTS_MAX = 64
/** Rows of the index kept in memory for the next lookup. */
export const HOT_ROWS_MAX = 16_384
/** Rows written to the index in one step of the event loop. */
export const FLUSH_ROWS = 512
/** Rows of the index checked in one step of the event loop. */
export const VERIFY_ROWS = 1024
/** Rows of the index read at once while a range of them is gone through: a group of a million chunks holds 244. */
export const RANGE_ROWS = 256
/** Durable rows that wait for the index before a flush begins. */
export const PENDING_ROWS_FLUSH = 8192
/** Bytes of chunks whose rows wait for the index before a flush begins: what opening after a crash reads again. */
export const PENDING_BYTES_FLUSH = 256 * MIB
/** Rows not yet durable before the store syncs by itself. */
export const PENDING_ROWS_SYNC = 16_384
/** Bytes not yet durable before the store syncs by itself: the disk works while more is hashed. */
export const PENDING_BYTES_SYNC = 32 * MIB
/** Bytes that become durable at once and are then let go from the page cache. */
export const UNCACHE_BYTES_MIN = MIB
/** Rows not yet in the index before a put waits for a flush. */
export const PENDING_ROWS_MAX = 65_536
/** State changes in one record. */
export const STATES_PER_RECORD = 1024
/** Chunks asked of the root providers in one step. */
export const COLLECT_BATCH = 256
/** Chunks that may be on their way from unreferenced to condemned; the others wait for a later round. */
export const CANDIDATES_MAX = 65_536
/** Groups that chunks fall into by hash prefix. */
export const GROUPS = 4096
/** Smallest ballast; on large disks it is {@link BALLAST_SHARE}. */
export const BALLAST_BYTES_MIN = 256 * MIB
/** Ballast that is written: deletion needs no more at once, and 1 % of a large disk takes long to write. */
export const BALLAST_FILE_BYTES_MAX = 256 * MIB
/** Ballast as a part of the disk. */
export const BALLAST_SHARE = 0.01
/** Smallest space left to others on a shared disk; on large disks it is {@link SHARED_SHARE}. */
export const SHARED_BYTES_MIN = 2 * KIB * MIB
/** Space left to others as a part of a shared disk. */
export const SHARED_SHARE = 0.05
/** How long the free space of the disk is believed. */
export const SPACE_FRESH_MS = 1000
/** Bytes written before the free space of the disk is asked again. */
export const SPACE_FRESH_BYTES = 16 * MIB
/** Bits of a {@link DigestFilter} for each digest, rounded up to a power of two in all, and bits set by each. */
export const FILTER_BITS_PER_DIGEST = 12
export const FILTER_PROBES = 5
/** Dead bytes in the segment being written before compaction begins a new one to get at them. */
export const ACTIVE_DEAD_BYTES_MIN = MIB
