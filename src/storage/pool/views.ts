import { GRACE_MS } from './limits.ts'
import type { PoolParts } from './parts.ts'
import { PoolView } from './view.ts'

/**
 * Makes a view of each map. A machine that stays Offline for longer than the grace counts as lost until the map says
 * otherwise: by this machine's monotonic clock, and anew in full when it starts. Views have names, so nobody relies on
 * another machine whose clock says something else.
 */
export class Views {
  readonly #parts: Pick<PoolParts, 'id' | 'machines' | 'world'>
  /** When each machine was first seen Offline. */
  readonly #offlineMs = new Map<string, number>()
  #view: PoolView

  constructor(parts: Pick<PoolParts, 'id' | 'machines' | 'world'>) {
    this.#parts = parts
    const { own, map } = parts.machines
    this.#view = new PoolView(own, map, parts.id, new Set())
    this.refresh()
  }

  get view(): PoolView {
    return this.#view
  }

  /** Looks at the map and the clock anew; true when the view has changed. */
  refresh(): boolean {
    const { id, machines, world } = this.#parts
    const nowMs = world.clock.monotonicMs()
    const offline = machines.map.machines.filter(({ name, state }) => state === 'Offline' && name !== machines.own)
    const names = new Set(offline.map(({ name }) => name))
    for (const name of this.#offlineMs.keys()) if (!names.has(name)) this.#offlineMs.delete(name)
    for (const name of names) if (!this.#offlineMs.has(name)) this.#offlineMs.set(name, nowMs)
    const lost = [...this.#offlineMs].filter(([, sinceMs]) => nowMs - sinceMs >= GRACE_MS).map(([name]) => name)
    if (this.#view.map === machines.map && this.#view.own === machines.own && this.#view.lost.size === lost.length)
      return false
    const before = this.#view.name
    this.#view = new PoolView(machines.own, machines.map, id, new Set(lost))
    return this.#view.name !== before
  }
}
