const KIB = 1024
const MIB = 1024 * KIB

/** The largest chunk that is taken from another machine: what a disk stores as one. */
export const CHUNK_BYTES_MAX = 16 * MIB
/** Bytes of a chunk in one message. */
export const PIECE_BYTES_MAX = MIB
/** Bytes of chunks that arrive at one time, from everybody; further ones wait. */
export const ARRIVING_BYTES_MAX = 64 * MIB
/** Bytes of chunks kept for sending; a writer waits beyond, and what is sent again is read from the disk. */
export const LEAVING_BYTES_MAX = 32 * MIB
/** Chunks that have not all their copies yet; a writer waits beyond. */
export const LEAVING_CHUNKS_MAX = 16_384
/** Chunks on their way to one machine at a time. */
export const PUTS_PER_MACHINE_MAX = 16
/** Chunks of a log's tail that are brought to their copies at a time. */
export const BROUGHT_AT_A_TIME = 1_024
/** Calls that renew chunks at one machine at a time. */
export const RENEWALS_PER_MACHINE_MAX = 4
/** Chunks up to this size are sent without asking first whether they are there. */
export const SEND_UNASKED_BYTES_MAX = 64 * KIB
/** Digests in one message, and in one page of a listed group. */
export const DIGESTS_MAX = 16_384
/** Groups whose digests are asked for in one call. */
export const GROUPS_PER_CALL_MAX = 64
/** Chunks of the own disk that are listed before others get a turn: some milliseconds. */
export const LISTED_PER_TURN = 1_024
/** Groups of a pool: as many as a node map may have. */
export const GROUPS_MAX = 65_536
/** Rows of groups that lack copies in one machine's report. */
export const REPORT_ROWS_MAX = 4_096
/** Milliseconds after which a holder that does not answer is replaced by the next in order. */
export const SILENT_MS = 2_000
/** Milliseconds before a holder that failed is tried again. */
export const RETRY_MS = 5_000
/** Milliseconds that a sync waits for enough copies. */
export const COPIES_WAIT_MS = 30_000
/** Milliseconds that it waits, from the moment that this machine is told to go down. */
export const LEAVING_WAIT_MS = 3_000
/** Milliseconds that a read waits for a machine that has the chunk. */
export const READ_WAIT_MS = 30_000
/** Milliseconds that who opens a log waits for silent machines, which may have chunks that it names. */
export const LOST_WAIT_MS = 10_000
/** Milliseconds between two rounds of asking everybody for a chunk. */
export const READ_ROUND_MS = 500
/** Milliseconds without a chunk before the next machine is asked too: at first, and at least and at most as reads are measured. */
export const HEDGE_MS_FIRST = 50
export const HEDGE_MS_MIN = 20
export const HEDGE_MS_MAX = 1_000
/** Reads of late that it is measured by. */
export const HEDGE_READS = 64
/** Machines asked for one chunk at a time. */
export const HEDGES_MAX = 3
/** Milliseconds that a machine may be Offline before its copies are made elsewhere. */
export const GRACE_MS = 10 * 60_000
/** Milliseconds between two looks at what waits. */
export const TICK_MS = 500
/** Milliseconds between two comparisons of all groups when nothing has happened. */
export const SURVEY_EVERY_MS = 3600_000
/** Milliseconds between two looks at whether anything was found damaged. */
export const REPAIR_LOOK_MS = 60_000
/** Milliseconds before repair goes on with what it could not do. */
export const REPAIR_RETRY_MS = 10_000
/** Bytes of repair in a second while people want nothing, and while they do. */
export const REPAIR_BYTES_PER_SECOND = 512 * MIB
export const REPAIR_BUSY_BYTES_PER_SECOND = 8 * MIB
/** Milliseconds after somebody's read or write during which repair holds back. */
export const BUSY_MS = 1_000
/** Bytes of cached chunks, and as a part of the disk: the smaller counts. */
export const CACHED_BYTES_MAX = 16 * 1024 * MIB
export const CACHED_SHARE = 0.1
/** Cached chunks that are known at a time. */
export const CACHED_CHUNKS_MAX = 262_144
/** Chunks that were read as parts of streams and not kept, known so that the second reading keeps them. */
export const STREAMED_CHUNKS_MAX = 16_384
/** Bytes of other machines' chunks in memory while they are read, and milliseconds after the last piece of one. */
export const RECENT_BYTES_MAX = 16 * MIB
export const RECENT_MS = 2_000
/** What a holder's link carries at least: a large chunk may take longer before it counts as silent. */
export const SILENT_BYTES_PER_MS = KIB
/** Chunks that repair sends at a time, after asking which of them are there by then. */
export const MEND_BATCH = 8
/** Milliseconds that repair lets pass before it begins with what has become known. */
export const REPAIR_PAUSE_MS = 250
/** Files named of those that are lost with a machine. */
export const IF_LOST_PLACES_MAX = 10
/** Machines named in one answer. */
export const MACHINES_MAX = 4_096
/** Filesystems of one home. */
export const FILESYSTEMS_MAX = 4_096
/** Bytes of what names all chunks of one home. */
export const FILTER_BYTES_MAX = 512 * MIB
/** Milliseconds for which it is believed how much room other machines have, and how many of them are asked at a time. */
export const SPACE_FRESH_MS = 30_000
export const SPACE_ASKED_MAX = 16
/** Homes of filesystems that a machine tells of with what it names. */
export const HOMES_TOLD_MAX = 1_000
