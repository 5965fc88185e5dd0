import { CallingEnd, type Client, helloOf } from './client.ts'
import { Connection, type Side } from './connection.ts'
import type { Duplex } from './duplex.ts'
import { Calls, type ServeOptions } from './server.ts'

/** A connection on which both sides call. Disposing ends it: calls of both directions fail, handlers are awaited. */
export interface Peer extends Client {
  /** Calls of both sides that have not ended. */
  readonly callsUnderWay: number
  /** Monotonic milliseconds when something last came from the other side, and when something was last written to it. */
  readonly heardMs: number
  readonly sentMs: number
  /** Resolves when the connection has ended and no handler of it runs any more. */
  readonly done: Promise<void>
}

/**
 * Opens an end of a connection on which both sides call, so that who cannot be dialled serves over what it dialled itself.
 * `side` is what this end is. Faults: Unsupported, Closed; the signal's reason.
 */
export async function openPeer(
  duplex: Duplex,
  { side, ...options }: ServeOptions & { readonly side: Side },
  signal: AbortSignal,
): Promise<Peer> {
  signal.throwIfAborted()
  const connection = new Connection(duplex)
  const other = side === 'dialler' ? 'acceptor' : 'dialler'
  const calling = new CallingEnd(connection, side, options.clock)
  const calls = new Calls(connection, other, options)
  const sinks = side === 'dialler' ? { dialler: calling, acceptor: calls } : { dialler: calls, acceptor: calling }
  const done = connection.run(sinks, options).then(() => calls.stop())
  calling.done = done
  calling.answering = () => calls.size
  await helloOf(connection, calling, signal)
  return calling
}
