import type { Clock } from '#base'
import {
  type CallSide,
  Connection,
  type ConnectionOptions,
  closedHere,
  type FrameSink,
  type Side,
} from './connection.ts'
import type { Duplex } from './duplex.ts'
import { faultOf } from './fault-wire.ts'
import { rpcFault } from './faults.ts'
import { FRAME, type Frame } from './frame.ts'
import type { Hello } from './hello.ts'
import { CALLS_MAX } from './limits.ts'
import { decodeHead, encodeHead, type Message, message, NO_BYTES } from './message.ts'
import type { DownloadMethod, Method, UnaryMethod, UploadMethod } from './method.ts'
import { integer, type Shape } from './shape.ts'
import { CALL_OVER, Stream } from './stream.ts'

/**
 * The calling end of a connection. Aborting a signal cancels the call: the other side is told to stop its work.
 * Faults of every call: those of its method, Closed, DeadlineExceeded, Unsupported, Busy; the signal's reason.
 */
export interface Client extends AsyncDisposable {
  /** What the other side said of itself. */
  readonly peer: Hello
  /** False once the connection has ended. */
  readonly isOpen: boolean
  /** Calls a unary method and answers the result. */
  call<Params, Result>(method: UnaryMethod<Params, Result>, params: Params, signal: AbortSignal): Promise<Result>
  /** Calls a unary method with raw bytes both ways. */
  exchange<Params, Result>(
    method: UnaryMethod<Params, Result>,
    request: Message<Params>,
    signal: AbortSignal,
  ): Promise<Message<Result>>
  /** Calls a download: yields its items and returns its result. Leaving the loop cancels the call. */
  download<Params, Item, Result>(
    method: DownloadMethod<Params, Item, Result>,
    params: Params,
    signal: AbortSignal,
  ): AsyncGenerator<Message<Item>, Result, undefined>
  /** Calls an upload: sends the items as the other side takes them and answers the result. */
  upload<Params, Item, Result>(
    method: UploadMethod<Params, Item, Result>,
    request: { readonly params: Params; readonly items: AsyncIterable<Message<Item>> },
    signal: AbortSignal,
  ): Promise<Result>
}

/** Opens the calling end on a connection. Faults: Unsupported, Closed; the signal's reason. */
export async function openClient(duplex: Duplex, options: ConnectionOptions, signal: AbortSignal): Promise<Client> {
  signal.throwIfAborted()
  const connection = new Connection(duplex)
  const client = new CallingEnd(connection, 'dialler', options.clock)
  client.done = connection.run({ dialler: client }, options).then(() => undefined)
  await helloOf(connection, client, signal)
  return client
}

/** Waits until the other side has said hello. Faults: those of {@link openClient}. */
export async function helloOf(connection: Connection, client: CallingEnd, signal: AbortSignal): Promise<void> {
  const stop = () => connection.end(rpcFault('Canceled', 'the caller gave up', { cause: signal.reason }))
  signal.addEventListener('abort', stop, { once: true })
  try {
    client.peer = await connection.peer()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Begins the calls of one side of a connection. */
export class CallingEnd implements Client, FrameSink {
  peer: Hello = { protocol: 0, oldest: 0, software: '', windowBytes: 0 }
  /** Resolves when the connection has ended. */
  done: Promise<void> = Promise.resolve()
  /** Calls of the other side that are being answered. */
  answering: () => number = () => 0
  readonly #connection: Connection
  readonly #side: CallSide
  readonly #clock: Clock
  #nextStream = 1

  constructor(connection: Connection, side: Side, clock: Clock) {
    this.#connection = connection
    this.#side = connection.callsOf(side)
    this.#clock = clock
  }

  get isOpen(): boolean {
    return this.#connection.ended === undefined
  }

  get callsUnderWay(): number {
    return this.#side.streams.size + this.answering()
  }

  get heardMs(): number {
    return this.#connection.heardMs
  }

  get sentMs(): number {
    return this.#connection.sentMs
  }

  async call<Params, Result>(method: UnaryMethod<Params, Result>, params: Params, signal: AbortSignal) {
    return (await this.exchange(method, message(params), signal)).head
  }

  async exchange<Params, Result>(
    method: UnaryMethod<Params, Result>,
    request: Message<Params>,
    signal: AbortSignal,
  ): Promise<Message<Result>> {
    using call = this.#open(method, request, signal)
    return checkResult(await call.stream.finished, method.result)
  }

  async *download<Params, Item, Result>(
    method: DownloadMethod<Params, Item, Result>,
    params: Params,
    signal: AbortSignal,
  ): AsyncGenerator<Message<Item>, Result, undefined> {
    using call = this.#open(method, message(params), signal)
    for await (const item of call.stream.incoming()) {
      yield { head: method.item(item.head, 'item'), body: item.body }
    }
    return checkResult(await call.stream.finished, method.result).head
  }

  async upload<Params, Item, Result>(
    method: UploadMethod<Params, Item, Result>,
    request: { readonly params: Params; readonly items: AsyncIterable<Message<Item>> },
    signal: AbortSignal,
  ): Promise<Result> {
    using call = this.#open(method, message(request.params), signal)
    const sent = sendAll(call.stream, request.items)
    // A fault of the other side ends the sending; a fault of our items ends the call.
    const [result] = await Promise.all([call.stream.finished, sent])
    return checkResult(result, method.result).head
  }

  take(frame: Frame): void {
    if (frame.stream >= this.#nextStream) throw rpcFault('BadFrame', `frame ${frame.kind} of no call`)
    const stream = this.#side.streams.get(frame.stream)
    switch (frame.kind) {
      case FRAME.item:
        return stream?.takeItem(frame)
      case FRAME.end:
        return stream?.takeEnd(frame)
      case FRAME.fault:
        return stream?.fail(faultOf(decodeHead(frame.head)))
      case FRAME.window:
        return stream?.takeCredit(integer(1)(decodeHead(frame.head), 'window'))
      default:
        throw rpcFault('BadFrame', `frame ${frame.kind} out of place`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.end(closedHere())
    await this.done
  }

  #open(method: Method | ErasedMethod, request: Message<unknown>, signal: AbortSignal): OpenCall {
    signal.throwIfAborted()
    const [{ ended }, side] = [this.#connection, this.#side]
    if (ended !== undefined) throw ended
    if (side.streams.size >= CALLS_MAX) throw rpcFault('Busy', `more than ${CALLS_MAX} calls at once`)
    const { name, version, timeoutMs } = method
    const head = encodeHead({ method: name, version, timeoutMs, params: request.head })
    const stream = new Stream(this.#nextStream++, side)
    side.streams.set(stream.id, stream)
    side.write(FRAME.call, stream.id, head, request.body)
    return new OpenCall(side, stream, { signal, timeoutMs, clock: this.#clock })
  }
}

type ErasedMethod = Pick<Method, 'name' | 'version' | 'timeoutMs'>

interface CallLimits {
  readonly signal: AbortSignal
  readonly timeoutMs: number | undefined
  readonly clock: Clock
}

/** A call in flight; disposing it before its end tells the other side to stop. */
class OpenCall implements Disposable {
  readonly stream: Stream
  readonly #side: CallSide
  readonly #signal: AbortSignal
  readonly #over = new AbortController()
  #answered = false

  constructor(side: CallSide, stream: Stream, limits: CallLimits) {
    this.stream = stream
    this.#side = side
    this.#signal = limits.signal
    this.#signal.addEventListener('abort', this.#abort, { once: true })
    if (limits.timeoutMs !== undefined) void this.#limit(limits.clock, limits.timeoutMs)
    stream.finished.then(
      () => {
        this.#answered = true
      },
      () => undefined,
    )
  }

  [Symbol.dispose](): void {
    this.#over.abort(CALL_OVER)
    this.#signal.removeEventListener('abort', this.#abort)
    if (!this.#side.streams.delete(this.stream.id) || this.#answered) return
    this.#side.write(FRAME.cancel, this.stream.id, NO_BYTES, NO_BYTES)
  }

  #abort = (): void => this.stream.fail(this.#signal.reason)

  async #limit(clock: Clock, timeoutMs: number): Promise<void> {
    const late = await clock.sleep(timeoutMs, this.#over.signal).then(
      () => true,
      () => false,
    )
    if (late) this.stream.fail(rpcFault('DeadlineExceeded', `no answer within ${timeoutMs} ms`))
  }
}

async function sendAll(stream: Stream, items: AsyncIterable<Message<unknown>>): Promise<void> {
  for await (const item of items) await stream.send(item)
  await stream.end(message(undefined))
}

function checkResult<Result>(result: Message<unknown>, shape: Shape<Result>): Message<Result> {
  return { head: shape(result.head, 'result'), body: result.body }
}
