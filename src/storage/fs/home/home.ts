import { type Awaitable, type Clock, isFault } from '#base'
import type { LocalKeyspace } from '#keyspace'
import type { ChunkSource } from '../chunk-source.ts'
import type { TreeStore } from '../content/tree-store.ts'
import { ERRNO, type Errno } from '../errno.ts'
import * as keys from '../keys.ts'
import { SLOTS_MAX } from '../limits.ts'
import type { HomeLink, HomeOperations } from '../operation.ts'
import type { TakenOver } from '../taken-over.ts'
import type { Ino, Reply } from '../vfs.ts'
import { attributes, setAttributes, touchAccess } from './attributes.ts'
import { append, clear, content, contents, write } from './content.ts'
import { countWhole } from './count.ts'
import type { Handler, HomeContext } from './context.ts'
import { copyRange } from './copy.ts'
import { list, readLink } from './listing.ts'
import { LockTable } from './lock-table.ts'
import { cancelLock, getLock, LOCAL_SESSION, releaseLocks, setLock } from './locks.ts'
import { isMaking, make, makeUnnamed } from './make.ts'
import { link, lookup, remove, rename } from './names.ts'
import { patiently } from './patiently.ts'
import { growth } from './pieces.ts'
import { limitsOf, quotas, removeQuota, reserve, setQuota, whole } from './quotas.ts'
import { forget, orphans } from './reaper.ts'
import { type RequestName, ResultRow } from './result.ts'
import { Rooms } from './rooms.ts'
import { Sealer } from './sealer.ts'
import { snapshots } from './snapshots.ts'
import { statFs, sync } from './space.ts'
import { Tables } from './tables.ts'
import { getXattr, listXattr, removeXattr, setXattr } from './xattrs.ts'

/** What a home needs. */
export interface HomeParts {
  readonly keyspace: LocalKeyspace
  readonly chunks: ChunkSource
  readonly trees: TreeStore
  readonly clock: Clock
}

/** Between the client in this process and its home, while others use the filesystem too. */
export interface SharedHome {
  written(ino: Ino): Awaitable<void>
  local<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request: RequestName | undefined,
  ): Reply<HomeOperations[Kind]['answer']>
}

/**
 * The one place that orders a filesystem's operations. Each is checked and committed in one step of the event loop, so
 * what it answers is what every later operation sees; durable it is after `sync`.
 */
export class Home implements HomeLink {
  readonly context: HomeContext
  /** The sessions of other machines, while there are any. */
  shared: SharedHome | undefined
  /** What programs of this machine had done by the home before, if there was one. */
  takenOver: TakenOver | undefined

  constructor(parts: HomeParts) {
    const tables = new Tables(parts.keyspace, parts.clock)
    const { chunks, trees, clock } = parts
    const sealer = new Sealer({ tables, chunks, trees, clock })
    this.context = { tables, chunks, trees, sealer, locks: new LockTable(), rooms: new Rooms() }
  }

  call<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request?: RequestName,
  ): Reply<HomeOperations[Kind]['answer']> {
    return this.shared === undefined ? this.run(kind, input, request) : this.shared.local(kind, input, request)
  }

  /** Does an operation, whoever asks. */
  run<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request: RequestName | undefined,
  ): Reply<HomeOperations[Kind]['answer']> {
    const handler: Handler<Kind> = HANDLERS[kind]
    const numbers = isMaking(kind) ? this.context.tables.inos.awaited : undefined
    if (numbers !== undefined) return numbers.then(() => this.run(kind, input, request))
    try {
      return handler(this.context, input, request)
    } catch (error) {
      if (!isFault(error, 'Busy')) throw error
      const { keyspace } = this.context.tables
      return patiently(keyspace, () => handler(this.context, input, request), NEVER)
    }
  }

  resultOf(request: RequestName): { readonly ino: number } | undefined {
    const isLocal = request.session === LOCAL_SESSION
    const earlier = isLocal ? this.takenOver?.results.get(request.sequence) : undefined
    if (earlier !== undefined) return earlier
    const row = this.context.tables.keyspace.get(keys.resultKey(request.session))
    // The home before had another kernel, whose requests have the same numbers.
    if (row === undefined || (isLocal && row.modRevision < (this.takenOver?.first ?? 0))) return undefined
    const { sequence, ino } = ResultRow.read(row.value)
    return sequence === request.sequence ? { ino } : undefined
  }

  get isShared(): boolean {
    return this.shared !== undefined
  }

  written(ino: Ino): Awaitable<void> {
    return this.shared?.written(ino)
  }

  unsure(ino: Ino): Errno | undefined {
    return this.takenOver?.lost.take(ino) === true ? ERRNO.EIO : undefined
  }

  /** The highest number that a change of these many sessions, from this one on, has had. */
  lastSequence(session: number): number {
    const [start, end] = [keys.resultKey(session), keys.resultKey(session + SLOTS_MAX)]
    const rows = this.context.tables.range(start, end, SLOTS_MAX)
    return rows.reduce((last, { value }) => Math.max(last, ResultRow.read(value).sequence), 0)
  }

  /** Seals files that have been idle; true when more wait. */
  tick(signal: AbortSignal): Promise<boolean> {
    return this.context.sealer.tick(signal)
  }

  /** Counts what the filesystem holds, if that was never done; to be called before anything else. */
  count(): Promise<void> {
    return countWhole(this.context.tables)
  }

  /** Unlinked files that a session may still hold open. */
  orphans(): readonly Ino[] {
    return orphans(this.context)
  }
}

const HANDLERS: { readonly [Kind in keyof HomeOperations]: Handler<Kind> } = {
  lookup,
  attributes,
  setAttributes,
  make,
  makeUnnamed,
  link,
  remove,
  rename,
  readLink,
  list,
  content,
  contents,
  write,
  append,
  copyRange,
  clear,
  getXattr,
  setXattr,
  listXattr,
  removeXattr,
  access: () => undefined,
  // Who lends files to sessions is told.
  returnDelegations: () => undefined,
  touchAccess,
  forget,
  growth,
  seal: (context, { ino }) => context.sealer.seal(ino),
  setQuota,
  removeQuota,
  limitsOf,
  reserve,
  whole,
  quotas,
  snapshots,
  statFs,
  sync,
  getLock,
  setLock,
  cancelLock,
  releaseLocks,
}

const NEVER = new AbortController().signal
