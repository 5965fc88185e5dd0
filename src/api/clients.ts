import { ANONYMOUS } from '#identity'
import { apiFault } from './faults.ts'
import { EXCHANGES_PER_SENDER_MAX, REQUESTS_MAX, REQUESTS_PER_CLIENT_MAX, WATCHES_PER_CLIENT_MAX } from './limits.ts'
import { StatusMore } from './status-more.ts'

/** Counts what each client has under way, and refuses what is too much. */
export class Clients {
  readonly #requests = new Map<string, number>()
  readonly #watches = new Map<string, number>()
  /** Senders that have none under way are not remembered. */
  readonly #exchanges = new Map<string, number>()
  #total = 0

  /** A request of a client, until the answer is called. Faults: TooManyRequests. */
  request(client: string): () => void {
    if (this.#total >= REQUESTS_MAX) throw tooMany('too many requests are under way')
    const leave = enter(this.#requests, client, REQUESTS_PER_CLIENT_MAX, 'requests')
    this.#total += 1
    return () => {
      this.#total -= 1
      leave()
    }
  }

  /** A bootstrap token that is exchanged, by who is nobody yet, until the answer is called. Faults: TooManyRequests. */
  exchange(network: string): () => void {
    const leaveSender = enter(this.#exchanges, network, EXCHANGES_PER_SENDER_MAX, 'exchanges')
    try {
      const leave = this.request(ANONYMOUS.name)
      return () => {
        leaveSender()
        leave()
      }
    } catch (error) {
      leaveSender()
      throw error
    }
  }

  /** A watch of a client, until the answer is called. Faults: TooManyRequests. */
  watch(client: string): () => void {
    return enter(this.#watches, client, WATCHES_PER_CLIENT_MAX, 'watches')
  }
}

function enter(counts: Map<string, number>, client: string, max: number, what: string): () => void {
  const count = counts.get(client) ?? 0
  if (count >= max) throw tooMany(`${client} has ${max} ${what} under way, which is the most`)
  counts.set(client, count + 1)
  return () => {
    const left = (counts.get(client) ?? 1) - 1
    if (left === 0) counts.delete(client)
    else counts.set(client, left)
  }
}

function tooMany(message: string): Error {
  return apiFault('TooManyRequests', message, { cause: new StatusMore({ details: { retryAfterSeconds: 1 } }) })
}
