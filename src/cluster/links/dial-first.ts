import { type Clock, whyOf } from '#base'
import { clusterFault } from '../faults.ts'
import { DIAL_MS, DIAL_STEP_MS } from '../limits.ts'

/** Makes one connection to an address. Aborting ends it. */
export type DialOne<Connection> = (address: string, signal: AbortSignal) => Promise<Connection>

/** What dialling needs besides addresses. */
export interface DialTools<Connection extends AsyncDisposable> {
  readonly clock: Clock
  readonly dial: DialOne<Connection>
  /** Milliseconds that an address is to wait besides, for those that are only for when nothing else answers. */
  readonly laterMs?: (address: string) => number
}

/**
 * Dials all addresses, each a little after the one before it, and answers the first connection that is there; the others
 * are closed. Faults: NoPath; the signal's reason.
 */
export async function dialFirst<Connection extends AsyncDisposable>(
  addresses: readonly string[],
  { clock, dial, laterMs = () => 0 }: DialTools<Connection>,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted()
  const over = new AbortController()
  const both = AbortSignal.any([signal, over.signal])
  const won = Promise.withResolvers<Connection>()
  let isWon = false
  const one = async (address: string, index: number) => {
    const waitMs = index * DIAL_STEP_MS + laterMs(address)
    if (waitMs > 0) await clock.sleep(waitMs, both)
    const connection = await dial(address, both)
    if (isWon || both.aborted) return connection[Symbol.asyncDispose]()
    isWon = true
    won.resolve(connection)
  }
  const late = clock.sleep(DIAL_MS, both).then(() => {
    throw new Error(`no answer within ${DIAL_MS} ms`)
  })
  const all = Promise.allSettled(addresses.map(one)).then(outcomes => {
    const refused = outcomes.find(outcome => outcome.status === 'rejected')
    if (!isWon) throw refused?.reason ?? new Error('no address of it is known')
  })
  try {
    return await Promise.race([won.promise, late, all.then(() => won.promise)])
  } catch (error) {
    signal.throwIfAborted()
    throw clusterFault('NoPath', `no path to it: ${whyOf(error)}`, { cause: error })
  } finally {
    isWon = true
    over.abort(clusterFault('NoPath', 'another address was quicker'))
    late.catch(() => undefined)
    all.catch(() => undefined)
  }
}
