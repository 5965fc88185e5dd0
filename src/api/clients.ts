import { ANONYMOUS } from '#identity'
import { Counts } from './counts.ts'
import { apiFault } from './faults.ts'
import { EXCHANGES_PER_SENDER_MAX, REQUESTS_MAX, REQUESTS_PER_CLIENT_MAX, WATCHES_PER_CLIENT_MAX } from './limits.ts'
import { StatusMore } from './status-more.ts'

/** Counts what each client has under way, and refuses what is too much. */
export class Clients {
  readonly #requests = new Counts()
  readonly #watches = new Counts()
  readonly #exchanges = new Counts()
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

function enter(counts: Counts, client: string, max: number, what: string): () => void {
  const leave = counts.enter(client, max)
  if (leave === undefined) throw tooMany(`${client} has ${max} ${what} under way, which is the most`)
  return leave
}

function tooMany(message: string): Error {
  return apiFault('TooManyRequests', message, { cause: new StatusMore({ details: { retryAfterSeconds: 1 } }) })
}
