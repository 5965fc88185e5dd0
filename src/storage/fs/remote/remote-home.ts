import { type Awaitable, isFault } from '#base'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { ExtentList } from '../extent-list.ts'
import type { Extent } from '../extent.ts'
import {
  CONTENT_AHEAD_BYTES,
  CONTENTS_MAX,
  DELEGATIONS_MAX,
  FILE_BYTES_MAX,
  KERNEL_TTL_MS,
  REMOTE_LIST_MAX,
  SMALL_FILE_BYTES,
  UNSYNCED_MAX,
} from '../limits.ts'
import type { RequestName } from '../home/result.ts'
import type { Content, HomeLink, HomeOperations, Range, RemoteSide } from '../operation.ts'
import { byMode, WANT } from '../home/may.ts'
import type { Quota } from '../quota.ts'
import { seen } from '../shared/permitted.ts'
import { isPromised, type RemoteAnswer, type RemoteCall, type RemoteKind, type Stale } from '../shared/protocol.ts'
import { inosOf, inosShown } from '../shared/told.ts'
import type { Answer, Attributes, Caller, Cookie, DirectoryPlace, FilePlace, Ino, Reply } from '../vfs.ts'
import { Delegated } from './delegated.ts'
import type { HomeSession } from './home-session.ts'
import { Learning } from './learning.ts'
import { LookAhead } from './look-ahead.ts'
import { OpenFiles } from './open-files.ts'
import type { LeftBehind } from './open-remote.ts'
import { RemoteCache } from './remote-cache.ts'
import { Unsynced } from './unsynced.ts'
import type { UnsyncedFile } from './unsynced-file.ts'

/**
 * A home on another machine, as a client half sees it: answers from memory what the home has promised to say when it changes,
 * asks for everything else. While the home cannot be reached, files that are open show what is known of them.
 */
export class RemoteHome implements HomeLink, RemoteSide {
  readonly isShared = true
  readonly #session: () => HomeSession
  /** Who does what no program asks for; undefined: root. */
  readonly #self: Caller | undefined
  readonly #cache = new RemoteCache()
  readonly #learning = new Learning(this.#cache)
  readonly #namesAhead = new LookAhead({
    start: () => ({ after: FIRST }),
    ask: (ino, place) => this.#listMore(ino, place),
    isAgain: false,
  })
  readonly #filesAhead = new LookAhead({
    start: (ino, missed) => this.#cache.inosBehind(ino, missed),
    ask: (_, inos) => this.#readMore(inos),
    isAgain: true,
  })
  readonly #files = new OpenFiles()
  readonly #unsynced: Unsynced
  readonly #unsyncedFile: UnsyncedFile
  readonly #delegated = new Delegated()
  /** What kernels here were shown of by others than the home. */
  readonly #stoodIn = new Set<Ino>()
  #boot: string | undefined

  constructor(parts: {
    readonly session: () => HomeSession
    readonly self?: Caller | undefined
    readonly unsynced: UnsyncedFile
  }) {
    this.#self = parts.self
    this.#session = parts.session
    this.#unsyncedFile = parts.unsynced
    this.#unsynced = new Unsynced(parts.unsynced)
    this.#boot = parts.unsynced.left?.home
  }

  call<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request?: RequestName,
  ): Reply<HomeOperations[Kind]['answer']> {
    const answer = this.#answer(kind as RemoteKind, input as never, request)
    return answer as Reply<HomeOperations[Kind]['answer']>
  }

  // Whether a change of an earlier process was done the home knows, by its old name.
  resultOf(): undefined {
    return undefined
  }

  get remote(): RemoteSide {
    return this
  }

  // What others have answered for the home is believed by nobody else.
  get ttlMs(): number {
    if (this.#session().isStoodInFor) return 0
    return Math.min(KERNEL_TTL_MS, Math.floor(this.#session().leaseMs))
  }

  get isReadOnly(): boolean {
    return this.#session().access === 'readOnly'
  }

  opened(ino: Ino, writer: Caller | undefined): void {
    this.#files.opened(ino, writer)
  }

  writes(ino: Ino, caller: Caller): void {
    this.#files.writes(ino, caller)
  }

  // Who asks here is checked by the kernel, all but root, who may be nobody there: that is asked for when it seems so.
  mayOpen(attributes: Attributes, caller: Caller = ROOT, access: 'read' | 'write' = 'read'): Reply<void> {
    if (caller.uid !== 0 || this.#session().access !== 'squashed') return undefined
    const want = access === 'write' ? WANT.write : WANT.read
    if ((byMode(attributes, seen(caller, 'squashed')) & want) !== 0) return undefined
    return this.call('access', { ino: attributes.ino, forWriting: access === 'write', caller })
  }

  released(ino: Ino): void {
    if (this.#files.released(ino)) void this.#ask('forget', { inos: [ino] }).catch(() => undefined)
  }

  failed(ino: Ino): Errno | undefined {
    return this.#files.hasFailed(ino) ? ERRNO.EIO : undefined
  }

  unsure(ino: Ino): Errno | undefined {
    return this.#unsynced.take(ino) ? ERRNO.EIO : undefined
  }

  /** As {@link unsure}, of everything. */
  unsureOfAny(): Errno | undefined {
    return this.#unsynced.takeAny() ? ERRNO.EIO : undefined
  }

  isDelegated(ino: Ino): boolean {
    return this.#delegated.has(ino) && this.#session().leaseMs > 0
  }

  giveBack(ino: Ino): void {
    this.#delegated.giveBack(ino)
  }

  maySetTimes({ uid }: Attributes, caller: Caller): boolean {
    return (
      seen(caller, this.#session().access ?? 'readOnly').uid === uid ||
      (caller.uid === 0 && this.#session().access === 'full')
    )
  }

  /** Files that may be closed before the home has all of them. */
  get delegated(): readonly Ino[] {
    return this.#delegated.all
  }

  /** The home wants these back: from now on they are closed when it has all of them. */
  recalled(inos: readonly Ino[]): void {
    this.#delegated.recalled(inos)
  }

  /** Tells the home that it has all of these, and of those that were given back. */
  async returnDelegations(inos: readonly Ino[] = []): Promise<void> {
    for (const ino of inos) this.#delegated.ended(ino)
    const returned = [...inos, ...this.#delegated.takeReturned()].slice(0, DELEGATIONS_MAX)
    // A home that does not hear it asks again.
    if (returned.length > 0) await this.#ask('returnDelegations', { inos: returned }, 'hasty').catch(() => undefined)
  }

  prepare(ino: Ino): Awaitable<void> {
    if (this.#limitsOf(ino) !== undefined) return undefined
    const at = this.#cache.limits
    const asked = this.#ask('limitsOf', { ino }).then(({ answer, revision }) => {
      if (isErrno(answer)) return
      this.#cache.learnLimits(ino, revision, { quotas: answer, at })
    })
    return asked.catch(() => undefined)
  }

  /** Files that are open here. */
  get held(): readonly Ino[] {
    return this.#files.all
  }

  /** True while a file is open here. */
  get isInUse(): boolean {
    return this.#files.some
  }

  /** Forgets what others have changed; answers what of it is open here, and so must stay, and further names to forget. */
  forget(stale: Stale): { readonly held: readonly Ino[]; readonly names: readonly DirectoryPlace[] } {
    const names = this.#cache.forget(stale)
    this.#namesAhead.forget(stale.inos)
    this.#filesAhead.forget(stale.inos)
    return { held: this.#files.claim(stale.inos), names }
  }

  /** The home is heard again: answers what was shown here of by others meanwhile. */
  returned(): readonly Ino[] {
    const inos = [...this.#stoodIn]
    this.#stoodIn.clear()
    return inos
  }

  forgetAll(): void {
    this.#cache.clear()
    this.#namesAhead.forgetAll()
    this.#filesAhead.forgetAll()
  }

  /** The machine of the home has been started since, or is another one: what was not durable there may be gone. */
  beginsAt(boot: string, isResumed: boolean): void {
    // A session goes on at another home only when that has all of its changes.
    if (!isResumed && this.#boot !== undefined && this.#boot !== boot) this.#unsynced.lose()
    this.#boot = boot
    this.#unsyncedFile.heard(boot)
  }

  /** This machine was the home before: see {@link LeftBehind}. */
  wasHome({ changed, locked }: LeftBehind = { changed: [], locked: [] }): void {
    this.#unsynced.lost(changed)
    this.fail(locked)
  }

  /** Writes to these files are lost with the session. */
  fail(inos: readonly Ino[]): void {
    for (const ino of inos) this.#files.fail(ino)
  }

  /**
   * The session is over. `drop` drops what was written in it but to files that are to be kept, and answers to which: of those that were
   * closed and that nobody else had looked at, as far as was heard, it is brought to the home in the next. `locked`: of which something was.
   */
  lose(drop: (keeps: (ino: Ino) => boolean) => readonly Ino[], locked: readonly Ino[]): void {
    const kept: Ino[] = []
    const dropped = drop(ino => this.#delegated.isLent(ino) && kept.push(ino) > 0)
    this.#delegated.lose(kept)
    this.fail([...dropped, ...locked])
  }

  mustSettle(ino: Ino): boolean {
    return this.#delegated.formerly(ino) !== undefined
  }

  /** A file whose lost writes have been dropped is as good as any other. */
  recover(ino: Ino): void {
    this.#delegated.settled(ino)
    this.#files.recover(ino)
  }

  #answer<Kind extends RemoteKind>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request: RequestName | undefined,
  ): Reply<unknown> {
    const question = { kind, input } as Question
    if (this.#session().leaseMs > 0) {
      const known = this.#known(question)
      if (known !== undefined) return known as Reply<unknown>
    }
    // What was last told of limits says more than nothing: they are asked for anew before each write.
    if (question.kind === 'limitsOf') return this.#cache.get(question.input.ino)?.limits?.quotas ?? []
    if (question.kind === 'content') return this.#content(question.input)
    // What was written in a session that is over must not come after what others have written since.
    const isData = question.kind === 'write' || question.kind === 'append'
    if (isData && this.#files.hasFailed(question.input.ino)) return ERRNO.ESTALE
    if (question.kind === 'forget') for (const gone of question.input.inos) this.#cache.drop(gone)
    if (question.kind === 'attributes') return this.#patiently(question.input.ino, question)
    if (question.kind === 'lookup') return this.#lookup(question.input)
    // Room that is not needed is given back when the home is reached.
    const isGift = question.kind === 'reserve' && question.input.rooms.every(({ least }) => least === 0)
    return this.#ask(kind, input, isGift ? 'hasty' : 'patient', request).then(({ answer }) => answer)
  }

  async #lookup(place: DirectoryPlace): Promise<Answer<Attributes>> {
    const answer = await this.#askAfresh('lookup', place, 'patient')
    if (!isErrno(answer)) this.#namesAhead.missed(place.parent, answer.ino)
    return answer
  }

  async #listMore(ino: Ino, place: { after: Cookie }): Promise<boolean> {
    const { answer } = await this.#ask('list', { ino, after: place.after, limit: REMOTE_LIST_MAX }, 'hasty')
    const last = isErrno(answer) ? undefined : answer.at(-1)
    if (last !== undefined) place.after = last.cookie
    return last !== undefined
  }

  async #readMore(rest: Iterator<Ino>): Promise<boolean> {
    const inos: Ino[] = []
    let next = rest.next()
    for (; next.done !== true; next = rest.next()) {
      if (!this.#maybeSmall(next.value) || this.#cache.content(next.value, WHOLE) !== undefined) continue
      inos.push(next.value)
      if (inos.length === CONTENTS_MAX) break
    }
    if (inos.length > 0) await this.#ask('contents', { inos }, 'hasty')
    return next.done !== true
  }

  // Also one of which only its name is known by now.
  #maybeSmall(ino: Ino): boolean {
    const attributes = this.#cache.get(ino)?.attributes
    if (attributes === undefined) return true
    return attributes.kind === 'file' && attributes.size > 0 && attributes.size <= SMALL_FILE_BYTES
  }

  // Of what is open here the last that was known is better than nothing.
  async #patiently(ino: Ino, question: Question & { readonly kind: 'attributes' }): Promise<Answer<unknown>> {
    const last = this.#files.isOpen(ino) ? this.#cache.get(ino)?.attributes : undefined
    try {
      return await this.#askAfresh(question.kind, question.input, last === undefined ? 'patient' : 'hasty')
    } catch (error) {
      if (last === undefined || !isUnreachable(error)) throw error
      return last
    }
  }

  // What landed while an answer was on its way is in none but the next.
  async #askAfresh<Kind extends 'attributes' | 'lookup'>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    patience: 'patient' | 'hasty',
  ): Promise<Answer<Attributes>> {
    for (let tries = 1; ; tries++) {
      const { answer, revision } = await this.#ask(kind, input, patience)
      if (isErrno(answer) || tries === AFRESH_TRIES || !this.#cache.lacks(answer.ino, revision)) return answer
    }
  }

  async #ask<Kind extends RemoteKind>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    patience?: 'patient' | 'hasty',
    request?: RequestName,
  ): Promise<RemoteAnswer<Kind>> {
    const ask = () => this.#session().call(kind, this.#named(kind, input), patience, request)
    const answer = await (kind === 'sync' ? this.#unsynced.during(ask, told => !isErrno(told.answer)) : ask())
    if (answer.isFromStandIn === true) {
      const call = { kind, input, name: undefined } as RemoteCall
      for (const ino of [...inosOf(call), ...inosShown(answer.answer)]) this.#stoodIn.add(ino)
      return answer
    }
    this.#learning.learn({ kind, input, name: undefined }, answer)
    this.#learnLent({ kind, input, name: undefined }, answer)
    if (isPromised(kind)) for (const { ino } of answer.changed) this.#unsynced.changed(ino)
    for (const attributes of answer.changed) this.#delegated.changed(attributes)
    if (this.#unsynced.size > UNSYNCED_MAX) void this.#ask('sync', { revision: undefined }).catch(() => undefined)
    return answer
  }

  #learnLent({ kind, input }: RemoteCall, { answer, changed, isDelegated }: RemoteAnswer): void {
    if (kind === 'write' && 'ino' in input && this.mustSettle(input.ino)) {
      this.#delegated.settled(input.ino)
      // Others have changed it, or may have: whoever wants it to be durable is told.
      if (isErrno(answer)) this.#unsynced.lost([input.ino])
    }
    if (isErrno(answer)) return
    const made = new Set(isDelegated === true ? inosShown(answer) : [])
    for (const attributes of changed) if (made.has(attributes.ino)) this.#delegated.lent(attributes)
    if ('returnsDelegation' in input && input.returnsDelegation === true) this.#delegated.ended(input.ino)
  }

  #named<Kind extends RemoteKind>(kind: Kind, input: HomeOperations[Kind]['input']): typeof input {
    const isAsked = ASKED.has(kind) && !('caller' in input && input.caller !== undefined)
    const ino =
      WRITES.has(kind) && 'ino' in input ? input.ino : 'to' in input && isFilePlace(input.to) ? input.to.ino : undefined
    const opener = ino === undefined ? undefined : (this.#files.writerOf(ino) ?? this.#self)
    return {
      ...input,
      ...(isAsked && this.#self !== undefined ? { caller: this.#self } : {}),
      ...(opener === undefined ? {} : { opener }),
      ...(kind === 'write' && ino !== undefined ? { unchangedSince: this.#delegated.formerly(ino) } : {}),
      ...(kind === 'make' && 'node' in input && input.node.kind === 'file' ? { isDelegated: true } : {}),
    }
  }

  #known(question: Question): unknown {
    switch (question.kind) {
      case 'lookup': {
        const ino = this.#cache.name(question.input.parent, question.input.name)
        return ino === undefined ? undefined : ino === 'none' ? ERRNO.ENOENT : this.#cache.get(ino)?.attributes
      }
      case 'attributes':
        return this.#cache.get(question.input.ino)?.attributes
      case 'readLink':
        return this.#cache.get(question.input.ino)?.target
      case 'getXattr': {
        if (this.#hasNoXattrs(question.input.ino)) return ERRNO.ENODATA
        const value = this.#cache.get(question.input.ino)?.xattrs?.get(question.input.name)
        return value === 'none' ? ERRNO.ENODATA : value
      }
      case 'listXattr':
        return this.#hasNoXattrs(question.input.ino) ? [] : undefined
      case 'content':
        return this.#cache.content(question.input.ino, question.input.range ?? WHOLE)
      default:
        return undefined
    }
  }

  #hasNoXattrs(ino: Ino): boolean {
    return this.#cache.get(ino)?.attributes?.hasXattrs === false
  }

  #limitsOf(ino: Ino): readonly Quota[] | undefined {
    const limits = this.#cache.get(ino)?.limits
    return limits?.at === this.#cache.limits ? limits.quotas : undefined
  }

  async #content({ ino, range = WHOLE }: HomeOperations['content']['input']): Promise<Answer<Content>> {
    const directory = this.#maybeSmall(ino) ? this.#cache.get(ino)?.foundIn : undefined
    if (directory !== undefined) this.#filesAhead.missed(directory, ino)
    const last = this.#files.isOpen(ino) ? this.#cache.content(ino, range) : undefined
    const patience = last === undefined ? 'patient' : 'hasty'
    try {
      for (let tries = 1; ; tries++) {
        const { content, revision } = await this.#contentOnce(ino, range, patience)
        if (isErrno(content) || tries === AFRESH_TRIES || !this.#cache.lacks(ino, revision)) return content
      }
    } catch (error) {
      if (last === undefined || !isUnreachable(error)) throw error
      return last
    }
  }

  // Where the bytes are: told in pieces when there are many, of which the first is the oldest.
  async #contentOnce(ino: Ino, range: Range, patience: 'patient' | 'hasty'): Promise<ToldContent> {
    const wanted = { from: range.from, to: Math.max(range.to, range.from + CONTENT_AHEAD_BYTES) }
    const extents: Extent[] = []
    let oldest: number | undefined
    for (let from = range.from; ; ) {
      const asked = { ino, range: { ...wanted, from } }
      const { answer, revision, contentTo, isFromStandIn } = await this.#ask('content', asked, patience)
      oldest ??= revision
      if (isErrno(answer)) return { content: answer, revision: oldest }
      for (const extent of answer.extents) extents.push(extent)
      const isAll = contentTo >= Math.min(range.to, answer.size)
      if (!isAll && contentTo > from) {
        from = contentTo
        continue
      }
      const content = { ...answer, extents: ExtentList.of(extents) }
      if (isFromStandIn !== true)
        this.#cache.learnContent(ino, revision, { content, range: { from: range.from, to: contentTo } })
      return { content, revision: oldest }
    }
  }
}

type Question = {
  [Kind in RemoteKind]: { readonly kind: Kind; readonly input: HomeOperations[Kind]['input'] }
}[RemoteKind]

interface ToldContent {
  readonly content: Answer<Content>
  /** A change of this revision or an older one is in it. */
  readonly revision: number
}

function isFilePlace(place: unknown): place is FilePlace {
  return typeof place === 'object' && place !== null && 'offset' in place
}

const WRITES: ReadonlySet<RemoteKind> = new Set<RemoteKind>(['write', 'append', 'clear', 'setAttributes'])
/** What is done for somebody, besides making. */
const ASKED: ReadonlySet<RemoteKind> = new Set<RemoteKind>([
  'setAttributes',
  'link',
  'remove',
  'rename',
  'setXattr',
  'removeXattr',
  'access',
])
const ROOT: Caller = { uid: 0, gid: 0, umask: 0 }

function isUnreachable(error: unknown): boolean {
  return isFault(error) && error.retry === 'later'
}

/** How often it is asked for what was changed meanwhile. */
const AFRESH_TRIES = 3
/** Behind `.` and `..`. */
const FIRST = 2 as Cookie
const WHOLE: Range = { from: 0, to: FILE_BYTES_MAX }
