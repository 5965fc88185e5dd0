import type { Awaitable, ByteString } from '#base'
import type { Revision } from '#keyspace'
import type { Errno } from './errno.ts'
import type { Extent } from './extent.ts'
import type { ExtentList } from './extent-list.ts'
import type { SealedTree } from './inode.ts'
import type { HeldLock, LockHolder, LockRequest } from './lock.ts'
import type { PlacedQuota, Quota } from './quota.ts'
import type { Snapshot } from './snapshot/table.ts'
import type {
  AttributeChange,
  Attributes,
  Caller,
  DirectoryEntry,
  DirectoryPlace,
  FilePlace,
  Cookie,
  Ino,
  NewNode,
  RenameMode,
  Reply,
  StatFs,
} from './vfs.ts'
import type { RequestName } from './home/result.ts'

/**
 * The messages between the client half and the home of a filesystem: plain values that can travel between threads and
 * machines. What they do is described at {@link Vfs}; only what differs is said here.
 */
export interface HomeOperations extends LockOperations {
  lookup: Message<DirectoryPlace, Attributes>
  attributes: Message<{ readonly ino: Ino }, Attributes>
  /** A size change also says whether the file may be grown or cut: see `content.ts`. */
  setAttributes: Message<{ readonly ino: Ino; readonly change: AttributeChange } & Asked & Opened, Attributes>
  /** `isDelegated`: who makes a file would close it before all of it is at the home, see `shared/delegations.ts`. */
  make: Message<
    DirectoryPlace & { readonly node: NewNode; readonly caller: Caller; readonly isDelegated?: boolean | undefined },
    Attributes
  >
  makeUnnamed: Message<{ readonly parent: Ino; readonly mode: number; readonly caller: Caller }, Attributes>
  link: Message<DirectoryPlace & { readonly ino: Ino } & Asked, Attributes>
  remove: Message<DirectoryPlace & { readonly what: 'file' | 'directory' } & Asked, Removed>
  rename: Message<
    { readonly from: DirectoryPlace; readonly to: DirectoryPlace; readonly mode: RenameMode } & Asked,
    Removed
  >
  readLink: Message<{ readonly ino: Ino }, ByteString>
  /** At most `limit` entries behind `after`, without `.` and `..`. */
  list: Message<{ readonly ino: Ino; readonly after: Cookie; readonly limit: number }, readonly DirectoryEntry[]>
  /** Where the bytes of a file are: of all of it, or at least of a range. */
  content: Message<{ readonly ino: Ino; readonly range?: Range | undefined }, Content>
  /** The same of all of several small files: of the first so many as fit one message, without those that are no small files. */
  contents: Message<{ readonly inos: readonly Ino[] }, readonly FileContent[]>
  /** EDQUOT, of another machine, when it takes room that was not promised and is not there. */
  write: Message<WriteMessage & OfSession, void>
  /** Lays extents, whose offsets count from 0, behind the end of a file (O_APPEND) and answers where that was. */
  append: Message<WriteMessage & OfSession, { readonly offset: number }>
  /** copy_file_range(2) on what the home holds: at most a bounded piece is done. */
  copyRange: Message<{ readonly from: FilePlace; readonly to: FilePlace; readonly bytes: number } & Opened, Copied>
  /** Makes holes or reserves: `to` may lie beyond the size, `size` is what the file has afterwards. */
  clear: Message<
    { readonly ino: Ino; readonly from: number; readonly to: number; readonly size: number } & Opened,
    void
  >
  getXattr: Message<{ readonly ino: Ino; readonly name: ByteString }, Uint8Array>
  setXattr: Message<
    { readonly ino: Ino; readonly name: ByteString; readonly value: Uint8Array; readonly mode: XattrMode } & Asked,
    void
  >
  listXattr: Message<{ readonly ino: Ino }, readonly ByteString[]>
  removeXattr: Message<{ readonly ino: Ino; readonly name: ByteString } & Asked, void>
  /** EACCES when a file may not be opened so. */
  access: Message<{ readonly ino: Ino; readonly forWriting: boolean } & Asked, void>
  /** Access times that reads have moved; done without changing ctime. */
  touchAccess: Message<{ readonly times: readonly { readonly ino: Ino; readonly atimeNs: bigint }[] }, void>
  /** The client holds these unlinked files no longer. */
  forget: Message<{ readonly inos: readonly Ino[] }, void>
  /** Of these files, which were made from here, nothing is elsewhere than at the home any more. */
  returnDelegations: Message<{ readonly inos: readonly Ino[] }, void>
  /** How many bytes a file would take more if `[from, to)` of it were written. */
  growth: Message<{ readonly ino: Ino; readonly from: number; readonly to: number }, { readonly bytes: number }>
  /** Asks for room in quotas for what is to be written, or gives it back; answers what is promised of each that has a limit. */
  reserve: Message<{ readonly rooms: readonly RoomAsked[] } & OfSession, readonly Room[]>
  /** Puts the overlay of a file into its sealed tree. */
  seal: Message<{ readonly ino: Ino }, void>
  setQuota: Message<{ readonly ino: Ino } & QuotaLimits, Quota>
  removeQuota: Message<{ readonly ino: Ino }, void>
  /** The limits that hold for an inode, those of the whole filesystem too; what only counts is left out. */
  limitsOf: Message<{ readonly ino: Ino }, readonly Quota[]>
  /** What the whole filesystem holds, and may. */
  whole: Message<object, Quota>
  quotas: Message<object, readonly PlacedQuota[]>
  /** Snapshots with ids behind `after`, by id: SNAPSHOT_ROWS_MAX of them, or all that are left. */
  snapshots: Message<{ readonly after: number }, readonly Snapshot[]>
  statFs: Message<object, StatFs>
  /** Resolves when everything the home has answered before is durable. */
  sync: Message<{ readonly revision: Revision | undefined }, void>
}

/** Locks, which are kept in memory by session. `session` is put there by the home; undefined: that of its own process. */
export interface LockOperations {
  getLock: Message<
    { readonly ino: Ino; readonly lock: LockRequest } & OfSession,
    { readonly conflict?: HeldLock | undefined }
  >
  /** With `wait` a lock that cannot be had now is told of by that number later. */
  setLock: Message<LockAsked & OfSession, { readonly isHeld: boolean }>
  /** Ends a wait, unless the lock is held already. */
  cancelLock: Message<LockAsked & OfSession, { readonly isHeld: boolean }>
  releaseLocks: Message<{ readonly ino: Ino; readonly holder: LockHolder } & OfSession, void>
}

/** Who asks, of what is done for another machine; undefined: its root. */
interface Asked {
  readonly caller?: Caller | undefined
}

/** Who has opened the file for writing. */
interface Opened {
  readonly opener?: Caller | undefined
}

interface LockAsked {
  readonly ino: Ino
  readonly lock: LockRequest
  readonly wait?: number | undefined
}

interface OfSession {
  readonly session?: number | undefined
}

interface Message<Input, Answer> {
  readonly input: Input
  readonly answer: Answer
}

/** Room of a quota, in bytes: no more than before when `least` cannot be had, and never more than `most`. */
export interface RoomAsked {
  readonly id: number
  readonly least: number
  readonly most: number
}

/** How much room of a quota is promised to a session. */
export interface Room {
  readonly id: number
  readonly bytes: number
}

export type QuotaLimits = Pick<Quota, 'bytesMax' | 'inodesMax'>

export type XattrMode = 'set' | 'create' | 'replace'

/** What a removal or rename left without a name: its content goes when nobody holds it open. */
export interface Removed {
  readonly orphan: Ino | undefined
}

export interface Copied {
  readonly bytes: number
}

/** Bytes of a file: `[from, to)`. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Where a file's bytes are, at one moment: overlay over tree over zeros, up to `size`. */
export interface Content {
  readonly size: number
  /** Of the range that was asked for. */
  readonly extents: ExtentList
  readonly tree: SealedTree | undefined
}

export interface FileContent {
  readonly ino: Ino
  readonly attributes: Attributes
  readonly content: Content
}

/** New content of a file, already in inline bytes or stored chunks. */
export interface WriteMessage {
  readonly ino: Ino
  /** Sorted, not overlapping. */
  readonly extents: readonly Extent[]
  /** When the bytes were written, by the home's clock. */
  readonly mtimeNs: bigint
  readonly killPrivileges: boolean
  /** Who has opened the file, of a write from another machine. */
  readonly opener?: Caller | undefined
  readonly also?: AlsoChanged | undefined
  /** The change time that the file must have: ESTALE when others have changed it since. */
  readonly unchangedSince?: bigint | undefined
  /** Nothing of the file is elsewhere any more: it is lent no longer. */
  readonly returnsDelegation?: boolean | undefined
}

/** What is changed of a file with what was written to it: not its size. */
export interface AlsoChanged {
  readonly change: AttributeChange
  /** Who asks for it. */
  readonly caller: Caller
}

/** The client's way to the home: in this process, or on another machine. */
export interface HomeLink {
  /** `request` names changes that must not be done twice; undefined for reads and for what may be repeated. */
  call<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request?: RequestName,
  ): Reply<HomeOperations[Kind]['answer']>
  /** What the session's request answered, if its change was done and was the last one. */
  resultOf(request: RequestName): { readonly ino: number } | undefined
  /** True while other machines change files too: where a file ends is known only where it lives. */
  readonly isShared: boolean
  /** Something was written here that is not at the home yet: resolves when nobody believes what was before. */
  written?(ino: Ino): Awaitable<void>
  /** EIO, once, when changes of this inode from here may be lost that were answered: the home was set back, or another has become it. */
  unsure(ino: Ino): Errno | undefined
  /** What is different when the home is on another machine. */
  readonly remote?: RemoteSide | undefined
}

/** What a client half has to know of a home on another machine. */
export interface RemoteSide {
  /** How long a kernel may trust names and attributes: never longer than the session's lease. */
  readonly ttlMs: number
  /** Nothing may be changed from here. */
  readonly isReadOnly: boolean
  /** A file is opened here, or made; until `released` it stays, also without a name. `writer` writes to it from now on. */
  opened(ino: Ino, writer: Caller | undefined): void
  /** Who writes to a file, where nobody is known to have opened it for that. */
  writes(ino: Ino, caller: Caller): void
  /** EACCES when the home would not let it be opened so; asked for only when that seems likely. */
  mayOpen(attributes: Attributes, caller: Caller | undefined, access: 'read' | 'write'): Reply<void>
  /** One open of a file is over. */
  released(ino: Ino): void
  /** To be called before a write: what limits the file is known then, and asked for without waiting. */
  prepare(ino: Ino): Awaitable<void>
  /** EIO when a session was lost with writes to this file in it; until it is opened anew. */
  failed(ino: Ino): Errno | undefined
  /** Those writes have been dropped. */
  recover(ino: Ino): void
  /** True while what was closed in a session that is over is to be brought to the home: nothing is written to it before. */
  mustSettle(ino: Ino): boolean
  /** True for a file that was made from here and that nobody else has looked at: it may be closed before the home has all of it. */
  isDelegated(ino: Ino): boolean
  /** The home has all of such a file. */
  giveBack(ino: Ino): void
  /** True when who asks may set the times of a file without the home being asked. */
  maySetTimes(attributes: Attributes, caller: Caller): boolean
}
