/** Bytes in a key; keys have at least one. */
export const KEY_BYTES_MAX = 4096

/** Bytes in a value. */
export const VALUE_BYTES_MAX = 1.5 * 2 ** 20

/** Operations in each list of a transaction, and compares in it. */
export const TXN_OPERATIONS_MAX = 128

/** Bytes of one log record: keys, values and 32 bytes for each change of one revision. */
export const RECORD_BYTES_MAX = 64 * 2 ** 20

/** Milliseconds of a lease. */
export const LEASE_TTL_MS_MAX = 2 ** 31 - 1

/** Events a watcher may be behind before it is ended with SlowWatcher. */
export const WATCH_BACKLOG_MAX = 65_536

/** Bytes of log read at once for a watch of history or a stream of records. */
export const LOG_READ_BYTES = 2 ** 18

/** Bytes of one log segment; a larger record has a segment of its own. */
export const SEGMENT_BYTES = 16 * 2 ** 20

/** Zeros written ahead of the log's end, so that a sync of records has no metadata to write. */
export const FILL_BYTES = 2 ** 20

/** Bytes of committed records that wait for the index before they are handed to it ahead of the next tick. */
export const APPLY_BYTES = 512 * 2 ** 10

/** Bytes of records handed to the index at once: what the event loop forgets in one go afterwards. */
export const APPLY_BATCH_BYTES = 128 * 2 ** 10

/** Bytes of committed records not yet in the index, where `txn` waits for the index. */
export const OVERLAY_BYTES_SOFT = 16 * 2 ** 20

/** Bytes of committed records not yet in the index, where `commit` throws Busy. */
export const OVERLAY_BYTES_MAX = 64 * 2 ** 20

/** Rows the index forgets in one step of a compaction. */
export const COMPACT_ROWS = 1000

/** Rows read from the index at once for a range. */
export const RANGE_PAGE_ROWS = 256

/** Restores that a keyspace knows of, so that who waits for one hears of it also when others follow. */
export const RESTORES_KNOWN_MAX = 8

/** Fewer rows that were replaced after a revision are found by when, not by key. */
export const PAST_FEW_ROWS = 1000

/** Keys that a range looks at before others come in between. */
export const RANGE_STEP_KEYS = 256

/** Bytes of one block of a checkpoint. */
export const CHECKPOINT_BLOCK_BYTES = 2 ** 18

/** Log bytes after which a checkpoint is written, unless the last checkpoint is larger than this. */
export const CHECKPOINT_LOG_BYTES_MIN = 64 * 2 ** 20

/** An index larger than this is verified beside the work after an unclean end; a smaller one before it opens. */
export const VERIFY_AT_OPEN_BYTES_MAX = 128 * 2 ** 20

/** The same after a clean close. */
export const VERIFY_CLEAN_AT_OPEN_BYTES_MAX = 16 * 2 ** 20

/** Unsynced commits are synced at least this often unless the owner says otherwise. */
export const SYNC_EVERY_MS = 1000

/** History kept unless the owner says otherwise: until it is older than `ms` or longer than `revisions`. */
export const HISTORY = { ms: 10 * 60_000, revisions: 100_000 } as const

/** Milliseconds between two reads of the look at log and checkpoint after an opening. */
export const SCRUB_PAUSE_MS = 5

/** Milliseconds a connection to etcd may take. */
export const ETCD_CONNECT_MS = 3000

/** Milliseconds one attempt of a call that may be made twice takes before another member of etcd is asked. */
export const ETCD_READ_MS = 4000

/** Milliseconds etcd has for a write: more than it gives itself (7 s), so that it says itself what became of it. */
export const ETCD_WRITE_MS = 10_000

/** Milliseconds after which no new attempt of a call to etcd is made. */
export const ETCD_CALL_MS = 15_000

/** Milliseconds for which a member of etcd that answers, and knows no leader, is asked again before another is: an election and more. */
export const ETCD_STAY_MS = 5000

/** Milliseconds between two rounds of all endpoints of etcd. */
export const ETCD_RETRY_MS = 100

/** Milliseconds between two attempts to open a watch again, at most. */
export const ETCD_WATCH_RETRY_MS_MAX = 2000

/** Milliseconds between two pings of a connection to etcd in use, and how long an answer may take. */
export const ETCD_KEEP_ALIVE = { everyMs: 10_000, timeoutMs: 5000 } as const

/**
 * Milliseconds between two questions to etcd how far its watches have come; each is believed when the next is answered. Far above the
 * 100 ms in which etcd brings a watch up to date (mvcc/watchable_store.go): before that its answer may be ahead of events.
 */
export const ETCD_PROGRESS_MS = 20_000

/** Tokens asked for one after the other for one call to etcd. */
export const ETCD_TOKENS_MAX = 2

/** Bytes etcd may send ahead of what was read. */
export const ETCD_WINDOW_BYTES = 4 * 2 ** 20

/** Bytes of one answer of etcd: a transaction of TXN_OPERATIONS_MAX gets of the largest values. */
export const ETCD_ANSWER_BYTES_MAX = 256 * 2 ** 20

/** Entries of the first page of a range from etcd; later ones hold as many as make up ETCD_PAGE_BYTES. */
export const ETCD_PAGE_ENTRIES = 1000

/** Bytes of a page of a range from etcd, about. */
export const ETCD_PAGE_BYTES = 2 ** 20

/** Entries read at once for a backup or a move. */
export const BACKUP_PAGE_ENTRIES = 100

/** Bytes of one block of a backup: a page of the largest entries. */
export const BACKUP_BLOCK_BYTES_MAX = 256 * 2 ** 20

/** Bytes of keys and values put in one transaction when a keyspace is filled; a larger value has one of its own. */
export const FILL_TXN_BYTES = 2 ** 20

/** Transactions under way at once when a revision is raised. */
export const REVISION_RAISE_AT_ONCE = 128

/** Bytes of a log segment between two places that are remembered. */
export const LANDMARK_BYTES = 2 ** 16

/** Homes and boots that a log remembers to have been written by; who was away for longer is filled anew. */
export const EPOCH_STARTS_MAX = 64

/** Bytes of records sent to a standby at once, about. */
export const SHIP_BATCH_BYTES = 768 * 2 ** 10

/** Machines beyond those that shall have a log that get it too, a little later: one takes the place of any that is lost. */
export const SPARE_LOGS = 1

/** Milliseconds after which records go to standbys that nobody waits for. */
export const SHIP_LAG_MS = 1000

/** How often it is looked who has a log, and who shall. */
export const SHIP_LOOK_MS = 250

/** Milliseconds without an answer after which a standby is waited for no longer, and the same for one not heard yet by a home that has just begun. */
export const MEMBER_SILENT_MS = 2000
export const MEMBER_FIRST_MS = 10_000

/** Milliseconds that a sync waits for enough standbys. */
export const SHIP_MS_MAX = 30_000

/** Milliseconds that a machine that goes down waits for standbys in all. */
export const SHIP_LEAVING_MS_MAX = 3000

/** Milliseconds between two attempts to follow a standby, at first and at most. */
export const FOLLOW_AGAIN_MS = 100
export const FOLLOW_AGAIN_MS_MAX = 2000
