import { type Clock, type Fault, isFault } from '#base'
import type { Duplex } from './duplex.ts'
import { faultHead, faultOf } from './fault-wire.ts'
import { rpcFault } from './faults.ts'
import { ACCEPTOR, encodeFrame, FRAME, type Frame, FrameReader } from './frame.ts'
import { agree, checkHello, type Hello, type MachineHello, ownHello } from './hello.ts'
import { BUFFERED_BYTES_MAX, HELLO_TIMEOUT_MS, WINDOW_BYTES } from './limits.ts'
import { decodeHead, encodeHead, NO_BYTES } from './message.ts'
import type { Stream, Wire } from './stream.ts'

/** What one end says of itself and where it gets the time. */
export interface ConnectionOptions {
  readonly clock: Clock
  /** Name and version of this program, such as `cairn 0.1.0`. */
  readonly software: string
  /** The largest frame it takes; FRAME_BYTES_MAX when undefined. */
  readonly frameBytesMax?: number | undefined
  /** What it says to another machine besides. */
  readonly machine?: MachineHello | undefined
}

/** Which side began a call: who dialled the connection, or who accepted it. */
export type Side = 'dialler' | 'acceptor'

/** What one end does with the frames of the calls that a side begins: makes them, or answers them. */
export interface FrameSink {
  /** Faults: BadFrame ends the connection. */
  take(frame: Frame): void
}

/** Who takes frames; those of a side that may not call here break the rules. */
export type FrameSinks = Readonly<Partial<Record<Side, FrameSink>>>

/**
 * One framed connection: says hello, checks the peer's, hands frames to the sink of the side that began their call, and
 * fails every stream when it ends. Whatever a peer sends, the outcome is a fault or a close, never a hang or more memory than the limits.
 */
export class Connection {
  /** Monotonic milliseconds when something last came, and when something was last written. */
  heardMs = 0
  sentMs = 0
  readonly #sides: { readonly [side in Side]: CallSide }
  readonly #duplex: Duplex
  readonly #hello = Promise.withResolvers<Hello>()
  #own: Hello | undefined
  #peer: Hello | undefined
  #clock: Clock | undefined
  readonly #end = Promise.withResolvers<void>()
  #ended: Fault | undefined

  constructor(duplex: Duplex) {
    this.#duplex = duplex
    this.#sides = { dialler: new CallSide(this, 0), acceptor: new CallSide(this, ACCEPTOR) }
    this.#hello.promise.catch(() => undefined)
  }

  /** Runs the connection until it ends, and answers why; {@link peer} resolves on the way. Never throws. */
  async run(sinks: FrameSinks, options: ConnectionOptions): Promise<Fault> {
    const scope = new AbortController()
    this.#clock = options.clock
    this.heardMs = options.clock.monotonicMs()
    const own = ownHello(options.software, options.machine)
    this.#own = own
    this.#say(FRAME.hello, encodeHead(own))
    void this.#limitHello(options.clock, scope.signal)
    void this.#hello.promise.then(
      () => scope.abort(),
      () => scope.abort(),
    )
    try {
      await Promise.race([this.#receive(sinks, options), this.#end.promise])
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

  /** The calls of a side: how they are written, and those this end has under way. */
  callsOf(side: Side): CallSide {
    return this.#sides[side]
  }

  write(frame: Frame): void {
    if (this.#ended !== undefined) return
    this.sentMs = this.#clock?.monotonicMs() ?? 0
    this.#duplex.write(encodeFrame(frame))
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
    for (const side of Object.values(this.#sides)) side.fail(fault)
    this.#duplex.close()
    this.#end.resolve()
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

  async #receive(sinks: FrameSinks, { clock, frameBytesMax }: ConnectionOptions): Promise<void> {
    const reader = new FrameReader(frameBytesMax)
    for await (const chunk of this.#duplex.incoming) {
      this.heardMs = clock.monotonicMs()
      if (this.#ended !== undefined) return
      for (const frame of reader.push(chunk)) {
        this.#takeFrame(frame, sinks)
        if (this.#ended !== undefined) return
      }
    }
  }

  #takeFrame(frame: Frame, sinks: FrameSinks): void {
    if (frame.stream === 0 && frame.kind === FRAME.fault) return this.end(faultOf(decodeHead(frame.head)))
    if (this.#peer === undefined) return this.#takeHello(frame)
    if (frame.stream === 0 || frame.kind === FRAME.hello) throw rpcFault('BadFrame', `frame ${frame.kind} out of place`)
    const side = frame.flags === ACCEPTOR ? 'acceptor' : 'dialler'
    const sink = sinks[side]
    if (sink === undefined) throw rpcFault('BadFrame', `the ${side} makes no calls here`)
    sink.take(frame)
  }

  #takeHello(frame: Frame): void {
    if (frame.kind !== FRAME.hello || frame.stream !== 0) throw rpcFault('BadFrame', 'the first frame is not hello')
    const hello = checkHello(decodeHead(frame.head), 'hello')
    if (this.#own !== undefined) agree(this.#own, hello)
    this.#peer = hello
    this.#hello.resolve(hello)
  }

  // The peer is told why before the connection closes, if it still listens.
  #endByError(error: unknown): void {
    const fault = isFault(error) ? error : rpcFault('Closed', 'the connection broke', { cause: error })
    if (isFault(error)) this.#say(FRAME.fault, encodeHead(faultHead(error)))
    this.end(fault)
  }

  #say(kind: number, head: Uint8Array): void {
    this.write({ kind, flags: 0, stream: 0, head, body: NO_BYTES })
  }
}

/** The calls that one side of a connection begins, seen from either end. */
export class CallSide implements Wire {
  /** Those that this end has begun and that have not ended. */
  readonly streams = new Map<number, Stream>()
  readonly ownWindowBytes = WINDOW_BYTES
  readonly #connection: Connection
  readonly #flags: number

  constructor(connection: Connection, flags: number) {
    this.#connection = connection
    this.#flags = flags
  }

  get peerWindowBytes(): number {
    return this.#connection.peerWindowBytes
  }

  write(kind: number, stream: number, head: Uint8Array, body: Uint8Array): void {
    this.#connection.write({ kind, flags: this.#flags, stream, head, body })
  }

  congestion(): Promise<void> | undefined {
    return this.#connection.congestion()
  }

  fail(fault: Fault): void {
    for (const stream of this.streams.values()) stream.fail(fault)
    this.streams.clear()
  }
}

/** The fault of calls that end because this side closed the connection. */
export function closedHere(): Fault {
  return rpcFault('Closed', 'this side closed the connection')
}
