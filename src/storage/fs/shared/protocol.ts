import type { Superblock } from '../home/superblock.ts'
import type { PlacedLock } from '../lock.ts'
import type { HomeOperations, LockOperations } from '../operation.ts'
import type { Answer, Attributes, DirectoryPlace, Ino } from '../vfs.ts'

/** What a machine may do with a filesystem whose home is elsewhere. `squashed`: its root is nobody there. */
export type Access = 'full' | 'squashed' | 'readOnly'

/** Operations that travel; limits on directories are set where the home is. */
export type RemoteKind = Exclude<keyof HomeOperations, 'setQuota' | 'removeQuota' | 'quotas'>

/** Names a change of a session, so that it is done once: each slot has one change under way, with growing numbers. */
export interface CallName {
  readonly slot: number
  readonly sequence: number
}

/** One operation of a session. `name` is there for changes. */
export interface RemoteCall<Kind extends RemoteKind = RemoteKind> {
  readonly kind: Kind
  readonly input: HomeOperations[Kind]['input']
  readonly name: CallName | undefined
}

/** What the home answers. */
export interface RemoteAnswer<Kind extends RemoteKind = RemoteKind> {
  readonly answer: Answer<HomeOperations[Kind]['answer']>
  /** The state of the filesystem that the answer shows. */
  readonly revision: number
  /** How the inodes that the operation has changed are now. */
  readonly changed: readonly Attributes[]
  /** Of a `content`: up to where it tells. */
  readonly contentTo: number
  /** Of a file that was made: what is written to it may be closed before it is at the home, until that wants it back. */
  readonly isDelegated?: boolean | undefined
  /** Another machine with the log has answered for a home that is silent: nobody says when it is so no longer. */
  readonly isFromStandIn?: true | undefined
}

/** What a machine that has the log of a filesystem is asked while its home is silent. */
export interface StandInCall<Kind extends RemoteKind = RemoteKind> extends Pick<RemoteCall<Kind>, 'kind' | 'input'> {
  /** The newest change of the session that asks: what is answered must have it. */
  readonly newest: Pick<Resumption, 'answered' | 'epoch'>
}

/** What a session may no longer believe; it says so when it has forgotten it. */
export interface Stale {
  /** Counts up from 1 in each session. */
  readonly number: number
  readonly revision: number
  readonly inos: readonly Ino[]
  /** Directories among all these of whose other names the session is still told, and files whose attributes are as they were. */
  readonly kept: readonly Ino[]
  /** Inodes whose content only lies elsewhere now, or whose access time is another: no kernel has to know. */
  readonly moved: readonly Ino[]
  readonly entries: readonly DirectoryPlace[]
  /** Waits for locks that are over: they are held. */
  readonly granted: readonly number[]
  /** Files that were lent, and that somebody wants to see: what was written to them is brought to the home, and they are returned. */
  readonly recalled?: readonly Ino[] | undefined
  /** Limits have changed, or are near: what is not needed of the room in them is given back before this is acknowledged. */
  readonly limits?: boolean | undefined
}

/** A session as it is given to a machine. */
export interface Grant {
  readonly session: number
  /** True when it is the one that was asked for: what it was doing goes on. */
  readonly isResumed: boolean
  /** The highest number in the name of a change it has had. */
  readonly lastSequence: number
  readonly access: Access
  /** New with each start of the home's machine: what was not durable before it may be gone. */
  readonly boot: string
  /** Which home in turn it is; undefined: one that does not say. */
  readonly epoch?: number | undefined
  /** Files without a name that it holds. */
  readonly orphans: readonly Ino[]
  readonly superblock: Superblock
}

/** The session a machine had, the files it has open there, and what its programs have locked: all of it. */
export interface Resumption {
  readonly session: number
  readonly held: readonly Ino[]
  readonly locks: readonly PlacedLock[]
  /** Files that it was lent and has not returned. */
  readonly delegated?: readonly Ino[] | undefined
  /** The newest revision in which a change that must last was answered, and by the home of which epoch: another home has to have that. */
  readonly answered?: number | undefined
  readonly epoch?: number | undefined
}

/**
 * A machine's way to the home of one filesystem, whatever connection there is. Each call is made once and may fail with a
 * fault whose `retry` is `later`: nobody knows then whether it was done. Fault: SessionLost when the home has given up
 * the session.
 */
export interface HomeTransport {
  open(resume: Resumption | undefined, signal: AbortSignal): Promise<Grant>
  call<Kind extends RemoteKind>(
    session: number,
    call: RemoteCall<Kind>,
    signal: AbortSignal,
  ): Promise<RemoteAnswer<Kind>>
  /** What the session may no longer believe, as long as the connection lasts; all that was not acknowledged comes first. */
  watch(session: number, signal: AbortSignal): AsyncIterable<Stale>
  /** All up to `number` is forgotten here; `held` of it is open. */
  acknowledge(session: number, told: Acknowledgement, signal: AbortSignal): Promise<void>
  renew(session: number, signal: AbortSignal): Promise<void>
  /** Asks any machine that has the log; undefined: there are no others. Faults: those with `retry: later`, when none answers. */
  readonly standIn?:
    | (<Kind extends RemoteKind>(call: StandInCall<Kind>, signal: AbortSignal) => Promise<RemoteAnswer<Kind>>)
    | undefined
  close(session: number, signal: AbortSignal): Promise<void>
}

export interface Acknowledgement {
  readonly number: number
  readonly held: readonly Ino[]
}

/** True for operations that a machine with the log can answer for the home: programs ask for them, and they change nothing. */
export function isForStandIn(kind: RemoteKind): boolean {
  return READS.has(kind)
}

const READS: ReadonlySet<RemoteKind> = new Set<RemoteKind>([
  'lookup',
  'attributes',
  'readLink',
  'list',
  'content',
  'getXattr',
  'listXattr',
  'access',
  'statFs',
  'whole',
  'snapshots',
])

/** Operations that change something, so that doing them twice is not doing them once. */
const CHANGES: ReadonlySet<RemoteKind> = new Set<RemoteKind>([
  'setAttributes',
  'make',
  'makeUnnamed',
  'link',
  'remove',
  'rename',
  'write',
  'append',
  'copyRange',
  'clear',
  'setXattr',
  'removeXattr',
  'touchAccess',
  'forget',
])

/** True for operations about locks, which are in memory only. */
export function isLock(kind: keyof HomeOperations): kind is keyof LockOperations {
  return LOCKS.has(kind)
}

const LOCKS: ReadonlySet<keyof HomeOperations> = new Set(['getLock', 'setLock', 'cancelLock', 'releaseLocks'])

/** True for operations that must not be done twice. */
export function isChange(kind: keyof HomeOperations): boolean {
  return CHANGES.has(kind as RemoteKind)
}

/**
 * True for what whoever was answered must find at every later home, with all that was there before: changes, but not when something was
 * read, nor what is let go; and locks, since who had one before has changed something.
 */
export function isPromised(kind: keyof HomeOperations): boolean {
  return kind === 'setLock' || (isChange(kind) && kind !== 'touchAccess' && kind !== 'forget')
}
