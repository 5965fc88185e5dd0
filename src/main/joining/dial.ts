import { isFault, isSystemError, type World, whyOf } from '#base'
import { machineOf } from '#cluster'
import { type Client, connectTls, openClient } from '#rpc'
import { mainFault } from '../faults.ts'
import { JOIN_DIAL_MS } from '../limits.ts'
import { softwareName } from '../version.ts'

/** Where a cloud may be, and how it is known. */
export interface CloudPlace {
  readonly fingerprint: string
  /** `HOST:PORT`. */
  readonly addresses: readonly string[]
  /** Only controllers are asked: what is shown makes a controller of whoever sees it. */
  readonly isForController?: boolean | undefined
}

/**
 * Asks machines of a cloud, all addresses at once, until one has answered. Who answers shows a certificate of the authority with
 * the fingerprint, before anything is told. Faults: Unreachable, which says what was tried; those of the answer.
 */
export async function askCloud<Value>(
  place: CloudPlace,
  world: World,
  ask: (client: Client, signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const { addresses } = place
  const over = new AbortController()
  const dialled = addresses.map(async address => {
    try {
      return { client: await dial(address, place, world, over.signal) }
    } catch (error) {
      return { why: `${address}: ${reasonOf(error)}` }
    }
  })
  const failures: string[] = addresses.map(() => '')
  try {
    // One after the other, in the order in which they answer: a token is shown to one at a time.
    for await (const [index, outcome] of inOrder(dialled)) {
      if (outcome.client === undefined) failures[index] = outcome.why
      else {
        const answer = await firstAnswer(ask(outcome.client, over.signal))
        if ('value' in answer) return answer.value
        failures[index] = `${addresses[index] ?? ''}: ${answer.why}`
      }
    }
  } finally {
    over.abort(new Error('another address was faster'))
    for (const { client } of await Promise.all(dialled)) await client?.[Symbol.asyncDispose]()
  }
  throw nobody(failures)
}

async function dial(address: string, place: CloudPlace, world: World, over: AbortSignal): Promise<Client> {
  const signal = AbortSignal.any([over, AbortSignal.timeout(JOIN_DIAL_MS)])
  const options = {
    ...hostAndPort(address),
    credential: { authorityFingerprint: place.fingerprint },
    isMeant: (peer: Parameters<typeof machineOf>[0]) => {
      const subject = machineOf(peer)
      return subject !== undefined && (subject.isController || place.isForController !== true)
    },
  }
  const { duplex } = await connectTls(options, signal)
  return openClient(duplex, { clock: world.clock, software: softwareName() }, signal)
}

/** Reads `HOST:PORT`, `[IPV6]:PORT`. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const { host, port } = new URL(`tcp://${address}`)
  return { host: host.slice(0, host.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1'), port: Number(port) }
}

// Machines without a control plane, and those that break off, leave it to the next.
async function firstAnswer<Value>(
  asked: Promise<Value>,
): Promise<{ readonly value: Value } | { readonly why: string }> {
  try {
    return { value: await asked }
  } catch (error) {
    if (!isFault(error) || !PASSED_ON.has(error.code)) throw error
    return { why: error.message }
  }
}

const PASSED_ON: ReadonlySet<string> = new Set(['NoController', 'Closed', 'Unreachable'])

async function* inOrder<Value>(all: readonly Promise<Value>[]): AsyncGenerator<readonly [number, Value]> {
  const left = new Map(all.map((each, index) => [index, each.then(value => [index, value] as const)]))
  while (left.size > 0) {
    const next = await Promise.race(left.values())
    left.delete(next[0])
    yield next
  }
}

/** Why nobody could be reached, in few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return `no answer in ${JOIN_DIAL_MS / 1000} s`
  const code = isFault(error) && isSystemError(error.cause) ? error.cause.code : undefined
  return code === undefined ? whyOf(error) : (REASONS[code] ?? code)
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  EHOSTUNREACH: 'no way leads there',
  ENETUNREACH: 'no way leads there',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'no such name',
  EAI_AGAIN: 'no such name',
}

function nobody(failures: readonly string[]): Error {
  const tried = failures.length === 0 ? 'the token names no address' : failures.join('; ')
  return mainFault('CloudUnreachable', `no machine of the cloud lets this one in: ${tried}`, {
    hint: 'See that it runs, that its port is open, and make the token with an address that leads there: cairn token create --role node --address HOST',
  })
}
