import { defineFaults, type Fault, isSystemError } from '#base'

/** Makes a fault of the keyspace. */
export const keyspaceFault = defineFaults({
  /** The revision asked for is no longer kept. */
  Compacted: { status: 410, retry: 'reread' },
  /** The revision asked for has not been committed yet. */
  FutureRevision: { status: 400, retry: 'never' },
  /** A watcher fell too far behind and was ended; the message says where to resume. */
  SlowWatcher: { status: 410, retry: 'later' },
  LeaseNotFound: { status: 404, retry: 'never' },
  /** A transaction that breaks a rule or a limit. */
  InvalidTxn: { status: 400, retry: 'never' },
  /** A value, or a transaction, of more bytes than the keyspace takes. */
  TooLarge: { status: 413, retry: 'never' },
  InvalidLease: { status: 400, retry: 'never' },
  /** The index is too far behind the commits. */
  Busy: { status: 503, retry: 'later' },
  DiskFull: { status: 507, retry: 'later' },
  /** The disk failed a write or a sync; nothing more is committed until the keyspace is opened again. */
  DiskFailed: { status: 500, retry: 'never' },
  /** Files were written by a newer version of the program. */
  NewerVersion: { status: 500, retry: 'never' },
  /** A durable log record cannot be read and nothing else holds it. */
  LogDamaged: { status: 500, retry: 'never' },
  /** The index does not hold what was written; the next open rebuilds it. */
  IndexDamaged: { status: 500, retry: 'later' },
  CheckpointDamaged: { status: 500, retry: 'never' },
  /** What is sent to a standby is not what comes next there. */
  Gap: { status: 409, retry: 'reread' },
  /** What is sent to a standby comes from a home that is home no longer. */
  OldEpoch: { status: 409, retry: 'never' },
  /** What was sent to a standby is no part of a log. */
  RecordDamaged: { status: 422, retry: 'later' },
  /** A standby does not have the whole of what was sent to it. */
  NotWhole: { status: 409, retry: 'later' },
  /** Too few other machines have what is to be made durable. */
  TooFewLogs: { status: 503, retry: 'later' },
  /** A copy of what another machine writes. */
  ReadOnly: { status: 409, retry: 'never' },
  /** Another process has this keyspace open. */
  InUse: { status: 409, retry: 'later' },
  Closed: { status: 503, retry: 'never' },
  /** The server that keeps the keyspace does not answer; nothing was changed. */
  Unavailable: { status: 503, retry: 'later' },
  /** The connection broke while a transaction was under way: it may have been committed or not. */
  OutcomeUnknown: { status: 504, retry: 'reread' },
  /** The server that keeps the keyspace does not accept our credential, or we do not accept its own. */
  Refused: { status: 503, retry: 'never' },
  /** A file with a backup is damaged, cut short or something else. */
  BackupDamaged: { status: 422, retry: 'never' },
  /** A keyspace to be filled holds something. */
  NotEmpty: { status: 409, retry: 'never' },
  /** A keyspace was to be moved into itself. */
  SamePlace: { status: 409, retry: 'never' },
  /** Filling this keyspace was cut off: it does not hold everything. */
  Unfinished: { status: 500, retry: 'never' },
  /** Everything in this keyspace was moved to another. */
  Moved: { status: 500, retry: 'never' },
  /** The server that keeps the keyspace is too old. */
  OldServer: { status: 500, retry: 'never' },
})

/** What a failed write or sync of the log means to the caller. */
export function diskFault(doing: string, error: unknown): Fault {
  if (isSystemError(error, 'ENOSPC') || isSystemError(error, 'EDQUOT')) {
    return keyspaceFault('DiskFull', `no space left ${doing}`, { cause: error, hint: 'Free space on this disk.' })
  }
  return keyspaceFault('DiskFailed', `the disk failed ${doing}`, {
    cause: error,
    hint: 'Check the disk, then start again.',
  })
}
