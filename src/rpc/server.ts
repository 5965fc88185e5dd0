import { isFault, type Log } from '#base'
import {
  type CallSide,
  Connection,
  type ConnectionOptions,
  closedHere,
  type FrameSink,
  type Side,
} from './connection.ts'
import type { Duplex } from './duplex.ts'
import { faultHead } from './fault-wire.ts'
import { rpcFault } from './faults.ts'
import { FRAME, type Frame } from './frame.ts'
import {
  CALLS_MAX,
  METHOD_CHARACTERS_MAX,
  STRANGER_CALLS_MAX,
  STRANGER_FRAME_BYTES_MAX,
  TIMEOUT_MS_MAX,
} from './limits.ts'
import { decodeHead, encodeHead, type Message, NO_BYTES } from './message.ts'
import type { Handler } from './method.ts'
import type { PeerName } from './method.ts'
import { integer, optional, type Shape, type ShapeOf, shape, text } from './shape.ts'
import { CALL_OVER, Stream } from './stream.ts'

/** How a connection is served. */
export interface ServeOptions extends ConnectionOptions {
  readonly log: Log
  readonly handlers: readonly Handler[]
  /** Who is at the other end, when its connection says so. */
  readonly peer?: PeerName | undefined
  /** Calls it runs at a time; CALLS_MAX when undefined. */
  readonly callsMax?: number | undefined
  /** What is answered to a method that is in no handler; Unsupported when undefined. */
  readonly otherwise?: (() => Error) | undefined
}

/** A connection being served. Disposing ends it: running calls are aborted and awaited. */
export interface ServedConnection extends AsyncDisposable {
  /** Resolves when the connection has ended and no handler of it runs any more. */
  readonly done: Promise<void>
}

/** Answers the calls of one peer with a table of handlers until the peer or the owner ends it. */
export function serveConnection(duplex: Duplex, options: ServeOptions): ServedConnection {
  const connection = new Connection(duplex)
  const calls = new Calls(connection, 'dialler', options)
  const done = connection.run({ dialler: calls }, options).then(() => calls.stop())
  return {
    done,
    async [Symbol.asyncDispose]() {
      connection.end(closedHere())
      duplex.destroy()
      await done
    },
  }
}

/** Serves one who has shown nothing of himself: small frames, one call at a time. */
export function serveStranger(duplex: Duplex, options: ServeOptions): ServedConnection {
  return serveConnection(duplex, {
    ...options,
    frameBytesMax: STRANGER_FRAME_BYTES_MAX,
    callsMax: STRANGER_CALLS_MAX,
  })
}

const checkCall = shape({
  method: text(METHOD_CHARACTERS_MAX),
  version: integer(1, 65_535),
  timeoutMs: optional(integer(0, TIMEOUT_MS_MAX)),
  params: ((value: unknown) => value) satisfies Shape<unknown>,
})

interface RunningCall {
  readonly kind: Handler['method']['kind']
  readonly stream: Stream
  readonly finished: Promise<void>
}

/** Answers the calls that the other side begins. */
export class Calls implements FrameSink {
  readonly #connection: Connection
  readonly #side: CallSide
  readonly #options: ServeOptions
  readonly #handlers: ReadonlyMap<string, Handler>
  readonly #running = new Map<number, RunningCall>()
  #lastStream = 0

  constructor(connection: Connection, side: Side, options: ServeOptions) {
    this.#connection = connection
    this.#side = connection.callsOf(side)
    this.#options = options
    this.#handlers = new Map(options.handlers.map(handler => [handler.method.name, handler]))
  }

  take(frame: Frame): void {
    if (frame.kind === FRAME.call) return this.#takeCall(frame)
    if (frame.stream > this.#lastStream) throw rpcFault('BadFrame', `frame ${frame.kind} of no call`)
    const call = this.#running.get(frame.stream)
    switch (frame.kind) {
      case FRAME.item:
        // Nobody would read them: what a peer sends so would only wait here.
        if (call !== undefined && call.kind !== 'upload')
          throw rpcFault('BadFrame', `a ${call.kind} call takes no items`)
        return call?.stream.takeItem(frame)
      case FRAME.end:
        return call?.stream.takeEnd(frame)
      case FRAME.cancel:
        return call?.stream.fail(rpcFault('Canceled', 'the caller gave up'))
      case FRAME.window:
        return call?.stream.takeCredit(integer(1)(decodeHead(frame.head), 'window'))
      default:
        throw rpcFault('BadFrame', `unknown frame ${frame.kind}`)
    }
  }

  /** Calls that are being answered. */
  get size(): number {
    return this.#running.size
  }

  /** Aborts what still runs and resolves when all of it has stopped. */
  async stop(): Promise<void> {
    for (const call of this.#running.values()) call.stream.fail(this.#connection.ended ?? closedHere())
    await Promise.all(Array.from(this.#running.values(), call => call.finished))
  }

  #takeCall(frame: Frame): void {
    if (frame.stream <= this.#lastStream) throw rpcFault('BadFrame', `call ${frame.stream} is not a new one`)
    this.#lastStream = frame.stream
    const { callsMax = CALLS_MAX } = this.#options
    if (this.#running.size >= callsMax) {
      return this.#refuse(frame.stream, rpcFault('Busy', `more than ${callsMax} calls at once on one connection`))
    }
    const call = checkCall(decodeHead(frame.head), 'call')
    const handler = this.#handlers.get(call.method)
    if (handler === undefined) {
      return this.#refuse(frame.stream, this.#options.otherwise?.() ?? unsupported(`method ${call.method}`))
    }
    if (handler.method.version !== call.version) {
      return this.#refuse(frame.stream, unsupported(`version ${call.version} of method ${call.method}`))
    }
    const stream = new Stream(frame.stream, this.#side)
    const finished = this.#run(stream, handler, { head: call, body: frame.body })
    this.#running.set(frame.stream, { kind: handler.method.kind, stream, finished })
  }

  async #run(stream: Stream, handler: Handler, call: Message<ShapeOf<typeof checkCall>>) {
    // Not in the same turn: the call is in the table before its handler may finish.
    await Promise.resolve()
    const signal = stream.failed
    const over = new AbortController()
    if (call.head.timeoutMs !== undefined) void this.#limit(stream, call.head.timeoutMs, over.signal)
    const streams = { items: stream.incoming(), send: (item: Message<unknown>) => stream.send(item) }
    try {
      const result = await handler.run(call.head.params, { body: call.body, signal, peer: this.#options.peer }, streams)
      await stream.end(result)
    } catch (error) {
      if (!isFault(error) && !signal.aborted) this.#report(handler, error)
      // What an aborted handler throws says less than why it was aborted.
      for (let wait = this.#connection.congestion(); wait !== undefined; wait = this.#connection.congestion())
        await wait
      this.#refuse(stream.id, signal.aborted ? signal.reason : error)
    } finally {
      over.abort(CALL_OVER)
      this.#running.delete(stream.id)
    }
  }

  async #limit(stream: Stream, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const late = await this.#options.clock.sleep(timeoutMs, signal).then(
      () => true,
      () => false,
    )
    if (late) stream.fail(rpcFault('DeadlineExceeded', `the call took longer than ${timeoutMs} ms`))
  }

  #refuse(stream: number, error: unknown): void {
    this.#side.write(FRAME.fault, stream, encodeHead(faultHead(error)), NO_BYTES)
  }

  #report(handler: Handler, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#options.log.warn(`rpc: ${handler.method.name} broke`, { error: text })
  }
}

function unsupported(what: string): Error {
  return rpcFault('Unsupported', `Unsupported: ${what}`, {
    hint: 'The running Cairn does not have it; `cairn version` shows the versions of both sides.',
  })
}
