export { type BackupPiece, backupOf } from './backup/backup.ts'
export { refuseFull } from './backup/fill.ts'
export type { ReadBytes } from './backup/format.ts'
export { checkMarks, untilRefilled } from './backup/marks.ts'
export { markMoved, type Migrating, migrateKeyspace } from './backup/migrate.ts'
export {
  checkBackup,
  type FillingTold,
  type ReadBackup,
  restoreBackup,
  restoredBy,
  type Restoring,
} from './backup/restore.ts'
export { revisionOf } from './change.ts'
export { type EmbeddedOptions, openEmbeddedKeyspace } from './embedded.ts'
export type { EtcdLogin } from './etcd/login.ts'
export { type EtcdOptions, openEtcdKeyspace } from './etcd/open.ts'
export type { HistoryKept } from './history.ts'
export type {
  Compare,
  KeyEvent,
  Keyspace,
  KeyspaceStatus,
  KeyspaceTrouble,
  KeySet,
  KeyValue,
  LeaseId,
  LocalKeyspace,
  LogRecord,
  Operation,
  OperationResult,
  RangeRequest,
  RangeResult,
  Revision,
  Txn,
  TxnResult,
  WatchBatch,
  WatchRequest,
} from './keyspace.ts'
export { HISTORY, KEY_BYTES_MAX, TXN_OPERATIONS_MAX, VALUE_BYTES_MAX } from './limits.ts'
export type { EtcdTls } from './etcd/connection.ts'
export { type EtcdMember, type EtcdMembers, openEtcdMembers } from './etcd/members.ts'
export { type MemoryOptions, openMemoryKeyspace } from './memory.ts'
export { memoryIndex } from './memory-index.ts'
export type { IndexFactory } from './row-index.ts'
export { sqliteIndex } from './sqlite/sqlite-index.ts'
export { giveBackIndexMemory } from './sqlite/writer-thread.ts'
export { packRecords, type RecordBatch } from './standby/batch.ts'
export { openCheckpoint, type SentCheckpoint } from './standby/checkpoint-file.ts'
export { beginEpoch, commonOf, type EpochStart, epochsOf, type LogReach, nextFrom } from './standby/epochs.ts'
export type { StandbyLine } from './standby/follower.ts'
export { LogShipper, type ShipperParts, type WantedLogs } from './standby/shipper.ts'
export { openStandby, type Standby, type StandbyReach } from './standby/standby.ts'
