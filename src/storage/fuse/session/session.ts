import { assert, isFault, isLater, type Log } from '#base'
import { type Answer, ERRNO, type Errno, type Ino, isErrno, type Reply, type Vfs } from '#storage/fs'
import { UNIQUE_HIGH_RESEND } from '../codec/flags.ts'
import { BODY, IN_HEADER, OUT_HEADER, numberOf, PAYLOAD, type Unique } from '../codec/header.ts'
import { resendMessage } from '../codec/notifications.ts'
import { OPCODE, opcodeName } from '../codec/opcodes.ts'
import { INTERRUPT_IN } from '../codec/requests.ts'
import { readRequest, writeMessage } from '../device/device.ts'
import { isEnding, keepLooking } from '../device/ending.ts'
import { Notifier } from '../device/notifier.ts'
import type { Source } from '../device/pump.ts'
import { IdMap, type IdPairs } from '../id-map.ts'
import { Buffers } from './buffers.ts'
import { errnoOfFailure } from './failure.ts'
import { batchForget, forget } from './forgetting.ts'
import { Lookups } from './lookups.ts'
import { agree, type Negotiated, type Offer, readOffer, writeInitOut } from './negotiate.ts'
import { callerOf, type Context, inoOf, type Operation, type Request } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { WaitingRequests } from './waiting.ts'

/** What a session needs. */
export interface SessionOptions {
  /** The mount's /dev/fuse descriptor; stays the caller's, and open until the session has ended. */
  readonly fd: number
  readonly vfs: Vfs
  readonly log: Log
  /** Nobody else ever changes these files: the kernel may hold writes back (WRITEBACK_CACHE). */
  readonly singleMachine?: boolean | undefined
  /** Only programs of this machine lock files: the kernel keeps their locks. */
  readonly kernelLocks?: boolean | undefined
  /** Who users and groups of this machine are in the filesystem; the same when undefined. */
  readonly ids?: IdPairs | undefined
  /** A process before this one served the mount; its unanswered requests are asked for again. */
  readonly resumed?: boolean | undefined
  /** What that process had agreed with the kernel; undefined when it died before. */
  readonly negotiated?: Negotiated | undefined
  /** Called after each answer that came later than its request was served. */
  readonly onAnswered?: (() => void) | undefined
  /** Called once when the kernel and we agree, with what a process after this one needs. */
  readonly onNegotiated?: ((negotiated: Negotiated) => void) | undefined
}

/** How a session ended: the kernel unmounted it, this process stopped serving it, or the kernel is too old. */
export type SessionEnd = 'unmounted' | 'closed' | 'refused'

/** Serves one mount: reads requests, asks the filesystem, writes replies. */
export class Session implements Source {
  readonly fd: number
  readonly ended: Promise<SessionEnd>
  readonly #options: SessionOptions
  readonly #buffers = new Buffers()
  readonly #waiting = new WaitingRequests()
  readonly #notifier: Notifier
  readonly #context: Context
  readonly #stopListening: () => void
  /** For replies that are encoded and written at once. */
  readonly #reply = Buffer.alloc(REPLY_BYTES)
  #request: Buffer
  #settleEnd: (end: SessionEnd) => void = () => {}
  #isOver = false
  #stopLooking: () => void = () => {}

  constructor(options: SessionOptions) {
    const { fd, vfs } = options
    this.fd = fd
    this.#options = options
    this.#request = this.#buffers.take()
    this.#notifier = new Notifier(fd, options.log)
    this.#context = {
      vfs,
      ids: new IdMap(options.ids),
      lookups: new Lookups(vfs),
      singleMachine: options.singleMachine === true,
      negotiated: options.negotiated ?? { version: 1, minor: 0, flags: 0, flags2: 0 },
      isStale: ino => this.#notifier.isStale(ino),
    }
    this.#stopListening = vfs.onInvalidation(change => this.#notifier.notify(change))
    this.ended = new Promise(resolve => {
      this.#settleEnd = resolve
    })
  }

  /** Asks the kernel for what the process before us left unanswered. */
  resend(): void {
    writeMessage(this.fd, resendMessage())
  }

  /** True when the kernel may hold the inode. Of what it was given before this process, nothing is known. */
  mayHold(ino: Ino): boolean {
    return this.#options.resumed === true || this.#context.lookups.has(ino)
  }

  /** From now on users and groups of this machine are these. What an earlier session gave the kernel it asks for as it grows old. */
  mapIds(pairs: IdPairs): void {
    this.#context.ids = new IdMap(pairs)
    for (const ino of this.#context.lookups.all) this.#notifier.notify({ kind: 'inode', ino })
  }

  /** Resolves when the kernel has been told of every change made elsewhere so far. Undefined when it has. */
  told(): Promise<void> | undefined {
    return this.#notifier.told()
  }

  ready(): boolean {
    return !this.#isOver && this.#buffers.available
  }

  serve(): 'served' | 'later' {
    const count = readRequest(this.fd, this.#request)
    if (count === 'ended') this.end('unmounted')
    if (typeof count !== 'number') return 'served'
    assert(count >= BODY, 'a request is shorter than its header')
    const header = IN_HEADER.read(this.#request)
    assert(header.len === count, 'a request was cut short')
    const operation = OPERATIONS.get(header.opcode)
    const isResent = header.uniqueHigh >= UNIQUE_HIGH_RESEND
    const { ids } = this.#context
    const asker = { uid: ids.user(header.uid), gid: ids.group(header.gid), ids }
    const request: Request = {
      ...header,
      ...asker,
      isResent,
      ino: inoOf(header.nodeid),
      bytes: this.#request,
      end: count,
    }
    if (operation !== undefined) return this.#start(request, operation)
    try {
      this.#control(request)
    } catch (error) {
      this.#fail(request, this.#failure(request, error))
    }
    return 'served'
  }

  /** Resolves when every request that was read has been answered. */
  drained(): Promise<void> {
    return this.#waiting.drained()
  }

  /** Takes no further request. */
  end(end: SessionEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopListening()
    this.#notifier.close()
    this.#stopLooking()
    if (end === 'unmounted') this.#context.lookups.forgetAll()
    this.#settleEnd(end)
  }

  /** Messages about the session and the kernel's caches, and what we do not speak. */
  #control(request: Request): void {
    switch (request.opcode) {
      case OPCODE.INIT:
        return this.#init(request)
      case OPCODE.FORGET:
        return forget(this.#context, request)
      case OPCODE.BATCH_FORGET:
        return batchForget(this.#context, request)
      case OPCODE.INTERRUPT:
        return this.#interrupt(INTERRUPT_IN.read(request.bytes, BODY))
      case OPCODE.DESTROY:
        this.#write(request, this.#reply, 0)
        return
      default:
        this.#fail(request, ERRNO.ENOSYS)
    }
  }

  #init(request: Request): void {
    const offer = this.#offer(request)
    if (offer === undefined) return
    const { singleMachine, kernelLocks } = this.#options
    const negotiated = agree(offer, { singleMachine: singleMachine === true, kernelLocks })
    this.#context.negotiated = negotiated
    this.#write(request, this.#reply, writeInitOut(this.#reply, negotiated, offer.maxReadahead))
    this.#options.onNegotiated?.(negotiated)
  }

  #offer(request: Request): Offer | undefined {
    try {
      return readOffer(request.bytes)
    } catch (error) {
      if (!isFault(error, 'ProtocolTooOld')) throw error
      this.#options.log.warn(error.message, { hint: error.hint })
      this.#fail(request, EPROTO)
      this.end('refused')
      return undefined
    }
  }

  #interrupt(unique: Unique): void {
    if (!this.#waiting.interrupt(unique)) return
    this.#stopLooking()
    this.#stopLooking = keepLooking(() => this.#giveUp())
  }

  /**
   * A disk does not fail because of a signal, and programs do not expect it. Yet who is killed shall not hang on an
   * answer that may be long in coming; the kernel tells of the first signal only, so ask until the answer is there.
   */
  #giveUp(): boolean {
    for (const unique of this.#waiting.giveUp(isEnding)) this.#fail(unique, EINTR)
    return this.#waiting.someInterrupted
  }

  #start(request: Request, operation: Operation<unknown>): 'served' | 'later' {
    const out = operation.keeps === 'reply' ? this.#buffers.take() : this.#reply
    const interruption = operation.interruptible === 'anySignal' ? new AbortController() : undefined
    const asked = interruption === undefined ? request : { ...request, signal: interruption.signal }
    let answer: Reply<unknown>
    try {
      if (operation.changes === true) this.#context.vfs.request(numberOf(request), request.isResent, callerOf(request))
      answer = operation.run(this.#context, asked, out)
    } catch (error) {
      answer = this.#failure(request, error)
    }
    if (isLater(answer)) {
      this.#finishLater(request, operation, { answer, out, interruption })
      return 'later'
    }
    this.#finish(request, operation, { answer, out })
    if (operation.keeps === 'reply') this.#buffers.give(out)
    return 'served'
  }

  #finishLater(
    request: Request,
    operation: Operation<unknown>,
    later: {
      readonly answer: PromiseLike<Answer<unknown>>
      readonly out: Buffer
      readonly interruption: AbortController | undefined
    },
  ): void {
    const { answer, out, interruption } = later
    const keepsRequest = operation.keeps === 'request'
    if (keepsRequest) this.#request = this.#buffers.take()
    const waiting = this.#waiting.add(
      request,
      interruption ?? (operation.interruptible === 'dying' ? 'dying' : undefined),
    )
    const settle = (value: Answer<unknown>): void => {
      if (this.#waiting.settle(request, waiting)) this.#finish(request, operation, { answer: value, out })
      this.#options.onAnswered?.()
      if (operation.keeps === 'reply') this.#buffers.give(out)
      if (keepsRequest) this.#buffers.give(request.bytes)
    }
    answer.then(settle, error => settle(this.#failure(request, error)))
  }

  #finish(
    request: Request,
    operation: Operation<unknown>,
    { answer, out }: { readonly answer: Answer<unknown>; readonly out: Buffer },
  ): void {
    if (isErrno(answer)) {
      this.#fail(request, answer)
      return
    }
    try {
      const payloadBytes = operation.encode(this.#context, answer, out)
      this.#context.lookups.settle(this.#write(request, out, payloadBytes))
    } catch (error) {
      this.#context.lookups.settle(false)
      this.#fail(request, this.#failure(request, error))
    }
  }

  #failure(request: Request, error: unknown): Errno {
    const errno = errnoOfFailure(error)
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#options.log.warn('a file operation failed', { operation: opcodeName(request.opcode), ino: request.ino, why })
    return errno
  }

  #fail(unique: Unique, errno: number): void {
    const { uniqueLow, uniqueHigh } = unique
    OUT_HEADER.write(this.#reply, { len: PAYLOAD, error: -errno, uniqueLow, uniqueHigh })
    writeMessage(this.fd, this.#reply, PAYLOAD)
  }

  #write({ uniqueLow, uniqueHigh }: Unique, out: Buffer, payloadBytes: number): boolean {
    const len = PAYLOAD + payloadBytes
    OUT_HEADER.write(out, { len, error: 0, uniqueLow, uniqueHigh })
    return writeMessage(this.fd, out, len)
  }
}

/** Room for every reply that has no buffer of its own: the longest are attribute values and lists. */
const REPLY_BYTES = 128 * 1024
const EINTR = 4
const EPROTO = 71
