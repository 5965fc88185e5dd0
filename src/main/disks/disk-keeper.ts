import { whyOf, type World } from '#base'
import { dropTwins, emptyDisk } from '#storage/disks'
import { DISK_LOOK_MS, EMPTYING_SLOWED } from '../limits.ts'
import type { MachineDisks } from './machine-disks.ts'

/** What disks are looked after with. */
export interface DiskKeeperParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly disks: MachineDisks
  /** A disk that was missing is there again. */
  readonly returned: () => void
}

/**
 * Looks after the disks of this machine: finds those that were missing, empties those that are drained, and drops what is on two of
 * them. Nothing of it is written down but what is wanted, so it goes on after a kill at any moment.
 */
export class DiskKeeper implements AsyncDisposable {
  readonly #parts: DiskKeeperParts
  readonly #closing = new AbortController()
  readonly #background: Promise<void>
  #pause = new AbortController()

  constructor(parts: DiskKeeperParts) {
    this.#parts = parts
    this.#background = this.#run(this.#closing.signal)
  }

  /** Something is to be done now. */
  wake(): void {
    this.#pause.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#background
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.world
    while (!signal.aborted) {
      this.#pause = new AbortController()
      try {
        await this.#round(signal)
      } catch (error) {
        if (!signal.aborted) log.warn('disks are looked after again later', { error: whyOf(error) })
      }
      await clock.sleep(DISK_LOOK_MS, AbortSignal.any([signal, this.#pause.signal])).catch(() => undefined)
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { disks, world, returned } = this.#parts
    const { store } = disks
    const { clock } = world
    if ((await disks.look()).length > 0) returned()
    const parts = { disks: store, clock, slowness: () => (disks.isBusy ? EMPTYING_SLOWED : 1) }
    for (const id of disks.returned) {
      await dropTwins(parts, signal)
      await disks.settled(id)
    }
    for (const { id } of store.parts.filter(each => store.isDraining(each.id))) {
      if (store.parts.length < 2 || isEmpty(store.parts.find(each => each.id === id)?.store)) continue
      const { noRoom } = await emptyDisk(parts, id, signal)
      disks.note(id, noRoom > 0 ? NO_ROOM : undefined)
    }
  }
}

const NO_ROOM = 'the other disks of this machine are full: what is left waits for other machines, or for another disk'

function isEmpty(store: { stat(): { readonly states: { readonly held: { readonly chunks: number } } } } | undefined) {
  return store === undefined || store.stat().states.held.chunks === 0
}
