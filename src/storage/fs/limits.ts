/** Longest file name (NAME_MAX of linux/limits.h). */
export const NAME_BYTES_MAX = 255
/** Longest symlink target (PATH_MAX without the NUL). */
export const SYMLINK_BYTES_MAX = 4095
/** Largest file: 16 TiB. */
export const FILE_BYTES_MAX = 16 * 2 ** 40
/** Longest name and value of an extended attribute (linux/limits.h). */
export const XATTR_NAME_BYTES_MAX = 255
export const XATTR_VALUE_BYTES_MAX = 65_536
/** Extended attributes of one file, all names together (XATTR_LIST_MAX). */
export const XATTR_LIST_BYTES_MAX = 65_536
/** Hard links to one file, as on ext4. */
export const LINKS_MAX = 65_000
/** Synced writes up to this size travel inside the metadata record. */
export const INLINE_BYTES_MAX = 65_536
/** Overlay extents of one file before the home seals it, and before a write waits for that. */
export const OVERLAY_EXTENTS_SEAL = 8192
export const OVERLAY_EXTENTS_MAX = 16_384
/**
 * Memory that the long overlays of all files take, most of it inline bytes, before a file written to is sealed, and before
 * its write waits for that. All of them must fit the cache: one that left it would be read anew for each write.
 */
export const OVERLAY_MEMORY_SEAL = 24 * 2 ** 20
export const OVERLAY_MEMORY_MAX = 36 * 2 ** 20
/** Memory from which an overlay is a long one. */
export const LONG_OVERLAY_BYTES = 2 ** 20
/** Inodes the home keeps decoded. */
export const INODE_CACHE_MAX = 20_000
/** Files whose overlay the home keeps decoded, and the inline bytes in them. */
export const CONTENT_CACHE_MAX = 1024
export const CONTENT_CACHE_BYTES = 48 * 2 ** 20
/** Inodes read at once when a filesystem is counted. */
export const COUNTED_AT_ONCE = 1000
/** Inode numbers taken from the counter at once: at most twice as many are lost by a crash. */
export const INO_BLOCK = 16_384
/** Unlinked files removed in one go. */
export const REAP_BATCH_MAX = 16
/** How long a kernel may trust names and attributes: never longer than a session's lease. */
export const KERNEL_TTL_MS = 10_000
/** A file is sealed when nobody wrote to it for this long. */
export const SEAL_IDLE_MS = 5_000
/** A file that could not be sealed is tried again when it has been left alone for this long. */
export const SEAL_RETRY_MS = 60_000
/** Files sealed before other work gets a turn. */
export const SEALS_PER_TICK = 64
/** Chunks a seal stores before it syncs them: somebody's fsync waits for no more than these. */
export const SEALED_CHUNKS_PER_SYNC = 16
/** Files sealed at the same time: they share one sync of their chunks. */
export const SEALS_AT_ONCE = 16
/** Files that were closed wait this long for others, or until there are so many, before they are sent to a home elsewhere; and of them, with those sent, before a close waits. */
export const LEAVE_AFTER_MS = 10
export const LEAVE_TOGETHER = 16
export const LEAVING_MAX = 48
/** How long the oldest of them may be on its way, and how long closes wait for all when one did not get there. */
export const LEAVING_MAX_MS = 500
export const LEFT_AGAIN_MS = 10_000
/** Extents that one message lays over a file. */
export const EXTENTS_PER_WRITE = 16
/** Written data goes to the home at the latest after this long. */
export const DIRTY_AGE_MAX_MS = 3_000
/** Bytes written and not yet handed to the home, in all files together, before a write waits. */
export const DIRTY_BYTES_MAX = 32 * 2 ** 20
/** Blocks on their way to the home before a write waits for the oldest. */
export const FLIGHTS_MAX = 12
/** Memory kept for the next blocks. */
export const BLOCK_MEMORY_BYTES = 8 * 2 ** 20
/** The staging file starts anew, after all writes have landed, when it is this long. */
export const STAGING_BYTES_MAX = 64 * 2 ** 20
/** Zeros written ahead of the staging file's end at a time. */
export const STAGING_FILL_BYTES = 65_536
/** Extents one copy_file_range lays down before it answers. */
export const COPIED_EXTENTS_MAX = 100
/** Access times told to the home in one change. */
export const ACCESS_TIMES_PER_CALL = 64
/** Names asked from the home at once when a directory is listed. */
export const LIST_BATCH = 64
/** How often a filesystem looks after work that nobody waits for. */
export const TICK_MS = 1000
/** How long a session of another machine lives without being heard of, and how often it says that it is there. */
export const LEASE_MS = 10_000
export const RENEW_MS = 2_500
/** How long somebody waits for a home that cannot be reached before an error says so. */
export const UNREACHABLE_MS = 60_000
/** How long a home is silent before machines that have its log are asked for what only reads, how often that is looked at, and how long they have. */
export const STAND_IN_AFTER_MS = 1_000
export const STAND_IN_LOOK_MS = 250
export const STAND_IN_MS = 5_000
/** Between two tries to reach a home: at first, and at most. */
export const RECONNECT_MS = 100
export const RECONNECT_MAX_MS = 500
/** Changes of one session under way at once. */
export const SLOTS_MAX = 64
/** How long a change waits for the kernels of other machines to hear of it; who asks the home knows it in any case. */
export const KERNEL_TOLD_MS = 100
/** How long who gets a lock waits for the kernel here to hear what others have changed under it: a busy machine needs a while. */
export const LOCK_TOLD_MS = 5_000
/** Sessions of one filesystem. */
export const SESSIONS_MAX = 1_000
/** Entries of a directory that another machine may ask for at once. */
export const REMOTE_LIST_MAX = 256
/** Names or files of a directory that the home was asked for one by one, after which it is asked for many at once; and so many times at most. */
export const LOOK_AHEAD_MISSES = 4
export const LOOK_AHEAD_BATCHES_MAX = 16
/** Directories of which that is kept in mind. */
export const LOOK_AHEAD_DIRECTORIES_MAX = 256
/** Inodes that one session may believe without asking, and keeps in memory. */
export const INTERESTS_MAX = 50_000
export const REMOTE_CACHE_MAX = 20_000
/** Names of one directory, and extended attributes of one file, that a session keeps in memory. */
export const REMOTE_NAMES_MAX = 10_000
export const REMOTE_XATTRS_MAX = 64
/** Changes that a session has to forget before it is given up, and of them in one message. */
export const STALE_MAX = 10_000
export const STALE_BATCH_MAX = 32
/** Names in one of these messages for one change. */
export const STALE_NAMES_MAX = 4
/** Files that a session says it holds in one message. */
export const HELD_MAX = 4_096
/** Extents of one file in one message, and their inline bytes. */
export const CONTENT_EXTENTS_MAX = 256
export const CONTENT_BYTES_MAX = 2 ** 20
/** Files of whose bytes one message tells; what counts as small then: its bytes and extents. */
export const CONTENTS_MAX = 64
export const SMALL_FILE_BYTES = 65_536
export const SMALL_FILE_EXTENTS = 4
/** Inline bytes of files that a session keeps in memory. */
export const REMOTE_CONTENT_BYTES = 16 * 2 ** 20
/** Bytes of a file of which a session asks at once how many more they would take. */
export const GROWTH_BYTES_MAX = 64 * 2 ** 20
/** Room of a quota that is promised to one session at most, and that it asks for beyond what it needs. */
export const ROOM_BYTES_MAX = 64 * 2 ** 20
export const ROOM_AHEAD_BYTES = 16 * 2 ** 20
/** Quotas in one such message. */
export const ROOMS_PER_CALL_MAX = 64
/** How far ahead of a read a session asks where bytes are. */
export const CONTENT_AHEAD_BYTES = 64 * 2 ** 20
/** Files that one session has made and may close before all of them is at the home; files in one message that wants them back. */
export const DELEGATIONS_MAX = 4_096
export const RECALLED_MAX = 64
/** How long a machine has to bring such files to the home: then they are looked at as they are there. */
export const RECALL_MAX_MS = 30_000
/** Locks of one filesystem, and of one session; requests of a session that wait for one. */
export const LOCKS_MAX = 100_000
export const LOCKS_PER_SESSION_MAX = 4_096
export const LOCK_WAITS_PER_SESSION_MAX = 1_024
/** Longest name of an owner of locks. */
export const LOCK_OWNER_MAX = 64
/** Snapshots in one message. */
export const SNAPSHOT_ROWS_MAX = 256
/** Files of which a session, and the home of it, remembers who writes to them. */
export const WRITERS_MAX = 50_000
/** Further groups of a caller that travel. */
export const CALLER_GROUPS_MAX = 256
/** How long a session that goes on after a restart of the home may write what it had staged, whoever wrote it. */
export const STAGED_WRITES_MS = 60_000
/** Inodes changed at a home elsewhere of which a session remembers that they may not be durable; beyond, it has them synced. */
export const UNSYNCED_MAX = 4_096
/** Of them, what another process of this machine takes over. */
export const UNSYNCED_KEPT_MAX = 65_536

/** What lies further in a file may be part of a stream: it is not kept on a machine that has no copy when it is read once. */
export const STREAM_AFTER_BYTES = 8 * 1024 * 1024
