import { SEEN_MAX, TOLD_MAX } from '../limits.ts'
import type { Heard, OtherSaid, Said } from '../methods/meeting.ts'

interface Entry {
  readonly said: Said
  readonly atMs: number
}

/** What machines have said of their ways, where they meet: at each controller, in memory only. */
export class Meetings {
  readonly #entries = new Map<string, Entry>()

  /** Takes what a machine says, and forgets who has said nothing for long. */
  say(name: string, said: Said, nowMs: number): void {
    for (const [each, { atMs }] of this.#entries) if (nowMs - atMs > SAID_MS) this.#entries.delete(each)
    this.#entries.set(name, { said, atMs: nowMs })
  }

  /** What the others have said that concerns a machine. */
  heardBy(name: string): Heard {
    const wants = this.#entries.get(name)?.said.wants ?? []
    return {
      seen: this.#seen(name)
        .map(({ by, endpoint }) => ({ by, endpoint }))
        .slice(0, TOLD_MAX),
      machines: wants.flatMap(each => this.#other(each, name)),
    }
  }

  #other(name: string, asking: string): readonly OtherSaid[] {
    const said = this.#entries.get(name)?.said
    if (said === undefined) return []
    const endpoints = [...new Set(this.#seen(name).map(({ endpoint }) => endpoint))].slice(0, SEEN_MAX)
    const way = said.ways.find(each => each.name === asking)
    const direct = said.ways.filter(({ path }) => path === 'direct').map(({ name: to, rttMs }) => ({ name: to, rttMs }))
    const { nat, canRelay } = said
    return [
      {
        name,
        endpoints,
        nat,
        canRelay,
        direct,
        ...(way === undefined ? {} : { way: { path: way.path, via: way.via } }),
      },
    ]
  }

  #seen(name: string): readonly { readonly by: string; readonly endpoint: string }[] {
    return [...this.#entries].flatMap(([by, { said }]) =>
      said.seen.filter(each => each.name === name).map(({ endpoint }) => ({ by, endpoint })),
    )
  }
}

const SAID_MS = 60_000
