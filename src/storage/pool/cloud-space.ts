import { roomFor } from '#storage/placement'
import type { Holders } from './holders.ts'
import { SPACE_ASKED_MAX, SPACE_FRESH_MS } from './limits.ts'
import type { Report } from './methods.ts'
import type { PoolParts } from './parts.ts'

type Room = Pick<Report, 'freeBytes' | 'totalBytes'>

/**
 * What a whole pool has room for, in bytes of content: with as many copies as it wants, on different machines. Machines are asked
 * when somebody wants to know, a few at a time; of others their part of what is free is taken to be that of those who answered.
 */
export class CloudSpace {
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #rooms = new Map<string, Room>()
  #askedMs = Number.NEGATIVE_INFINITY
  #next = 0

  constructor(parts: PoolParts, holders: Holders) {
    this.#parts = parts
    this.#holders = holders
  }

  /** At once: what was known last. */
  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    const { store, world } = this.#parts
    const view = this.#parts.view()
    if (view.isAlone) return store.space()
    const nowMs = world.clock.monotonicMs()
    if (nowMs - this.#askedMs >= SPACE_FRESH_MS) {
      this.#askedMs = nowMs
      void this.#ask()
    }
    this.#rooms.set(view.own, store.space())
    const offers = view.offers
    const known = [...offers.keys()].map(name => this.#rooms.get(name)).filter(room => room !== undefined)
    const sum = (of: (room: Room) => number) => known.reduce((all, room) => all + of(room), 0)
    const freePart =
      sum(room => room.freeBytes) /
      Math.max(
        sum(room => room.totalBytes),
        1,
      )
    const rooms = Array.from(offers, ([name, bytes]) => {
      return this.#rooms.get(name) ?? { totalBytes: bytes, freeBytes: bytes * freePart }
    })
    if (rooms.length === 0) return store.space()
    const room = (of: (room: Room) => number) => roomFor(view.wantedCopies, rooms.map(of))
    const totalBytes = room(each => each.totalBytes)
    return {
      totalBytes,
      freeBytes: Math.min(
        room(each => each.freeBytes),
        totalBytes,
      ),
    }
  }

  async #ask(): Promise<void> {
    const { signal } = this.#parts
    const view = this.#parts.view()
    const names = [...view.offers.keys()].filter(name => name !== view.own && view.isOnline(name))
    for (const name of this.#rooms.keys()) if (!view.offers.has(name)) this.#rooms.delete(name)
    const asked = [...names.slice(this.#next), ...names.slice(0, this.#next)].slice(0, SPACE_ASKED_MAX)
    this.#next = names.length === 0 ? 0 : (this.#next + asked.length) % names.length
    await Promise.all(
      asked.map(async name => {
        const report = await this.#holders
          .get(name)
          .report(signal)
          .catch(() => undefined)
        if (report !== undefined) this.#rooms.set(name, report)
      }),
    )
  }
}
