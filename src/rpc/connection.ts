import { type Clock, type Fault, isFault } from '#base'
import type { Duplex } from './duplex.ts'
import { faultHead, faultOf } from './fault-wire.ts'
import { rpcFault } from './faults.ts'
import { encodeFrame, FRAME, type Frame, FrameReader } from './frame.ts'
import { agreeProtocol, checkHello, type Hello, PROTOCOL } from './hello.ts'
import { BUFFERED_BYTES_MAX, HELLO_TIMEOUT_MS, WINDOW_BYTES } from './limits.ts'
import { decodeHead, encodeHead, NO_BYTES } from './message.ts'
import type { Stream, Wire } from './stream.ts'

/** What one end says of itself and where it gets the time. */
export interface ConnectionOptions {
  readonly clock: Clock
  /** Name and version of this program, such as `cairn 0.1.0`. */
  readonly software: string
}

/** What the end of a connection does with frames that belong to calls. */
export interface FrameSink {
  /** Faults: BadFrame ends the connection. */
  take(frame: Frame): void
}

/**
 * One framed connection: says hello, checks the peer's, hands frames to the sink of its role, and fails every stream
 * when it ends. Whatever a peer sends, the outcome is a fault or a close, never a hang or more memory than the limits.
 */
export class Connection implements Wire {
  readonly streams = new Map<number, Stream>()
  readonly ownWindowBytes = WINDOW_BYTES
  readonly #duplex: Duplex
  readonly #hello = Promise.withResolvers<Hello>()
  #peer: Hello | undefined
  readonly #end = Promise.withResolvers<void>()
  #ended: Fault | undefined

  constructor(duplex: Duplex) {
    this.#duplex = duplex
    this.#hello.promise.catch(() => undefined)
  }

  /** Runs the connection until it ends, and answers why; {@link peer} resolves on the way. Never throws. */
  async run(sink: FrameSink, options: ConnectionOptions): Promise<Fault> {
    const scope = new AbortController()
    this.#sayHello(options)
    void this.#limitHello(options.clock, scope.signal)
    void this.#hello.promise.then(
      () => scope.abort(),
      () => scope.abort(),
    )
    try {
      await Promise.race([this.#receive(sink), this.#end.promise])
      this.end(rpcFault('Closed', 'the other side closed the connection'))
    } catch (error) {
      this.#endByError(error)
    }
    return this.#ended ?? closedHere()
  }

  /** What the peer said of itself. Rejects when the connection ended before. */
  peer(): Promise<Hello> {
    return this.#hello.promise
  }

  /** Why the connection ended; undefined while it lives. */
  get ended(): Fault | undefined {
    return this.#ended
  }

  get peerWindowBytes(): number {
    return this.#peer?.windowBytes ?? 0
  }

  write(kind: number, stream: number, head: Uint8Array, body: Uint8Array): void {
    if (this.#ended !== undefined) return
    this.#duplex.write(encodeFrame(kind, stream, head, body))
    if (this.#duplex.bufferedBytes <= BUFFERED_BYTES_MAX) return
    this.end(rpcFault('Closed', 'the other side does not read what it is sent'))
    this.#duplex.destroy()
  }

  congestion(): Promise<void> | undefined {
    return this.#duplex.congested && this.#ended === undefined ? this.#duplex.drained() : undefined
  }

  /** Ends the connection: every stream fails with the fault. Safe to call again. */
  end(fault: Fault): void {
    if (this.#ended !== undefined) return
    this.#ended = fault
    this.#hello.reject(fault)
    for (const stream of this.streams.values()) stream.fail(fault)
    this.streams.clear()
    this.#duplex.close()
    this.#end.resolve()
  }

  #sayHello(options: ConnectionOptions): void {
    const hello: Hello = {
      protocol: PROTOCOL,
      oldest: PROTOCOL,
      software: options.software,
      windowBytes: this.ownWindowBytes,
    }
    this.write(FRAME.hello, 0, encodeHead(hello), NO_BYTES)
  }

  async #limitHello(clock: Clock, signal: AbortSignal): Promise<void> {
    const waited = await clock.sleep(HELLO_TIMEOUT_MS, signal).then(
      () => true,
      () => false,
    )
    if (!waited || this.#peer !== undefined) return
    this.end(rpcFault('Closed', 'the other side did not say hello'))
    this.#duplex.destroy()
  }

  async #receive(sink: FrameSink): Promise<void> {
    const reader = new FrameReader()
    for await (const chunk of this.#duplex.incoming) {
      if (this.#ended !== undefined) return
      for (const frame of reader.push(chunk)) {
        this.#takeFrame(frame, sink)
        if (this.#ended !== undefined) return
      }
    }
  }

  #takeFrame(frame: Frame, sink: FrameSink): void {
    if (frame.stream === 0 && frame.kind === FRAME.fault) return this.end(faultOf(decodeHead(frame.head)))
    if (this.#peer === undefined) return this.#takeHello(frame)
    if (frame.stream === 0 || frame.kind === FRAME.hello) throw rpcFault('BadFrame', `frame ${frame.kind} out of place`)
    sink.take(frame)
  }

  #takeHello(frame: Frame): void {
    if (frame.kind !== FRAME.hello || frame.stream !== 0) throw rpcFault('BadFrame', 'the first frame is not hello')
    const hello = checkHello(decodeHead(frame.head), 'hello')
    agreeProtocol(hello)
    this.#peer = hello
    this.#hello.resolve(hello)
  }

  // The peer is told why before the connection closes, if it still listens.
  #endByError(error: unknown): void {
    const fault = isFault(error) ? error : rpcFault('Closed', 'the connection broke', { cause: error })
    if (isFault(error)) this.write(FRAME.fault, 0, encodeHead(faultHead(error)), NO_BYTES)
    this.end(fault)
  }
}

/** The fault of calls that end because this side closed the connection. */
export function closedHere(): Fault {
  return rpcFault('Closed', 'this side closed the connection')
}
