import { rpcFault } from './faults.ts'
import { FRAME, type Frame, FrameHeader } from './frame.ts'
import { BODY_BYTES_MAX, END_UNASKED_BYTES_MAX } from './limits.ts'
import { checkBody, decodeHead, encodeHead, type Message } from './message.ts'

/** What a stream needs of its connection. */
export interface Wire {
  write(kind: number, stream: number, head: Uint8Array, body: Uint8Array): void
  /**
   * Undefined when the peer takes bytes; else resolves when it may do so again. Ask anew behind it: others wait too,
   * and the first of them to write may be the last for now.
   */
  congestion(): Promise<void> | undefined
  /** What this side lets the peer send per stream, and the other way round. */
  readonly ownWindowBytes: number
  readonly peerWindowBytes: number
}

/** Why the time of a call is no longer counted. Made once: an error of its own for each call looks up where it is made. */
export const CALL_OVER = new Error('the call is over')

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** One call on a connection, seen from one end: messages out within the peer's window, messages in within ours. */
export class Stream {
  readonly id: number
  /** Resolves to the peer's end message: the result, at the caller. Rejects when the call failed or was cut off. */
  readonly finished: Promise<Message<unknown>>
  readonly #wire: Wire
  readonly #settle: { resolve(result: Message<unknown>): void; reject(error: unknown): void }
  readonly #inbox: { readonly message: Message<unknown>; readonly cost: number }[] = []
  readonly #failure = new AbortController()
  #inboxBytes = 0
  #grantBytes = 0
  #creditBytes: number
  #state: State = { kind: 'open' }
  #wakeReader: () => void = () => undefined
  #wakeSender: () => void = () => undefined

  constructor(id: number, wire: Wire) {
    const { promise, resolve, reject } = Promise.withResolvers<Message<unknown>>()
    this.id = id
    this.finished = promise
    this.finished.catch(() => undefined) // whoever waits sees it; nobody has to
    this.#settle = { resolve, reject }
    this.#wire = wire
    this.#creditBytes = wire.peerWindowBytes
  }

  /** Aborted, with the reason, when the stream fails or is cut off: at any time, also after the peer's end. */
  get failed(): AbortSignal {
    return this.#failure.signal
  }

  /** Sends one message, one at a time; resolves when it is handed over. Waits while the peer does not take. */
  async send(message: Message<unknown>): Promise<void> {
    const head = encodeHead(message.head)
    checkBody(message.body)
    const cost = FrameHeader.size + head.byteLength + message.body.byteLength
    while (this.#creditBytes < cost) {
      this.#throwWhenFailed()
      await new Promise<void>(resolve => {
        this.#wakeSender = resolve
      })
    }
    for (let wait = this.#wire.congestion(); wait !== undefined; wait = this.#wire.congestion()) await wait
    this.#throwWhenFailed()
    this.#creditBytes -= cost
    this.#wire.write(FRAME.item, this.id, head, message.body)
  }

  /** Says that no more comes; from the answering side with the result. A small one does not wait for room. */
  async end(message: Message<unknown>): Promise<void> {
    const head = encodeHead(message.head)
    checkBody(message.body)
    const isSmall = head.byteLength + message.body.byteLength <= END_UNASKED_BYTES_MAX
    for (let wait = this.#wire.congestion(); wait !== undefined && !isSmall; wait = this.#wire.congestion()) await wait
    this.#wire.write(FRAME.end, this.id, head, message.body)
  }

  /** What the peer sends, until its end; throws when the call failed. One reader. */
  async *incoming(): AsyncGenerator<Message<unknown>, void, undefined> {
    for (;;) {
      const next = this.#inbox.shift()
      if (next !== undefined) {
        this.#taken(next.cost)
        yield next.message
        continue
      }
      this.#throwWhenFailed()
      if (this.#state.kind === 'ended') return
      await new Promise<void>(resolve => {
        this.#wakeReader = resolve
      })
    }
  }

  /** Takes an item frame of the peer. Faults: BadFrame when it ignores the window. */
  takeItem(frame: Frame): void {
    if (this.#state.kind !== 'open') return
    const cost = FrameHeader.size + frame.head.byteLength + frame.body.byteLength
    if (this.#inboxBytes + this.#grantBytes + cost > this.#wire.ownWindowBytes) {
      throw rpcFault('BadFrame', `call ${frame.stream} got more than its window`)
    }
    if (frame.body.byteLength > BODY_BYTES_MAX) throw rpcFault('BadFrame', 'a message body is too large')
    this.#inboxBytes += cost
    this.#inbox.push({ message: { head: decodeHead(frame.head), body: frame.body }, cost })
    this.#wakeReader()
  }

  /** Takes the peer's end frame. */
  takeEnd(frame: Frame): void {
    if (this.#state.kind !== 'open') return
    const message = { head: decodeHead(frame.head), body: frame.body }
    this.#state = { kind: 'ended' }
    this.#settle.resolve(message)
    this.#wakeReader()
  }

  /** Takes a window frame: the peer lets this side send so much more. */
  takeCredit(bytes: number): void {
    this.#creditBytes += bytes
    if (this.#creditBytes > this.#wire.peerWindowBytes) throw rpcFault('BadFrame', 'a window grew over its size')
    this.#wakeSender()
  }

  /** Ends the stream here: readers and senders throw the error. */
  fail(error: unknown): void {
    if (this.#state.kind === 'failed') return
    this.#state = { kind: 'failed', error }
    this.#inbox.length = 0
    this.#settle.reject(error)
    this.#failure.abort(error)
    this.#wakeReader()
    this.#wakeSender()
  }

  #taken(cost: number): void {
    this.#inboxBytes -= cost
    this.#grantBytes += cost
    if (this.#grantBytes < this.#wire.ownWindowBytes / 2 || this.#state.kind !== 'open') return
    this.#wire.write(FRAME.window, this.id, encodeHead(this.#grantBytes), new Uint8Array(0))
    this.#grantBytes = 0
  }

  #throwWhenFailed(): void {
    if (this.#state.kind === 'failed') throw this.#state.error
  }
}
