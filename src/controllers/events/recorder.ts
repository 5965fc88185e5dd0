import { isFault, whyOf, type World } from '#base'
import type { Client } from '#client'
import { EVENT_REPEAT_MS, EVENTS_KNOWN_MAX, EVENTS_WAITING_MAX } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { timeText } from '../loop/times.ts'
import { EVENTS } from '../resources.ts'
import { countedEvent, eventPlace, type Happening, newEvent } from './plan.ts'

/**
 * Writes Events. The same happening is one Event that counts, written now and then; what cannot be written is left out, as
 * no work waits for it.
 */
export class EventRecorder implements AsyncDisposable {
  readonly #client: Client
  readonly #world: Pick<World, 'clock' | 'entropy' | 'log'>
  readonly #component: string
  readonly #pending = new Map<string, { readonly happening: Happening; readonly count: number }>()
  /** When the Event of a key was written last; the oldest first. */
  readonly #writtenMs = new Map<string, number>()
  readonly #controller: Controller

  constructor(parts: {
    readonly client: Client
    readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
    /** Who reports, such as `cairn-controllers`. */
    readonly component: string
  }) {
    this.#client = parts.client
    this.#world = parts.world
    this.#component = parts.component
    const reconcile = (key: string, signal: AbortSignal): Promise<Outcome> => this.#write(key, signal)
    this.#controller = new Controller({ name: 'events', world: parts.world, reconcile, parallel: 1 })
  }

  get controller(): Controller {
    return this.#controller
  }

  /** Tells that something happened; returns at once. */
  record(happening: Happening): void {
    const { namespace, name } = eventPlace(happening, this.#component)
    const key = `${namespace}/${name}`
    const pending = this.#pending.get(key)
    if (pending === undefined && this.#pending.size >= EVENTS_WAITING_MAX) return
    this.#pending.set(key, { happening, count: (pending?.count ?? 0) + 1 })
    const sinceMs = this.#world.clock.monotonicMs() - (this.#writtenMs.get(key) ?? Number.NEGATIVE_INFINITY)
    if (sinceMs >= EVENT_REPEAT_MS) this.#controller.add(key)
    else this.#controller.addAfter(key, EVENT_REPEAT_MS - sinceMs)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controller[Symbol.asyncDispose]()
  }

  async #write(key: string, signal: AbortSignal): Promise<Outcome> {
    const pending = this.#pending.get(key)
    if (pending === undefined) return DONE
    this.#pending.delete(key)
    this.#remember(key)
    try {
      await this.#store(pending.happening, pending.count, signal)
    } catch (error) {
      // Such as in a namespace that ends: no Event can be made there.
      if (signal.aborted || isFault(error, 'Forbidden') || isFault(error, 'NotFound')) return DONE
      this.#world.log.warn('an event is lost', { event: key, error: whyOf(error) })
    }
    return DONE
  }

  async #store(happening: Happening, count: number, signal: AbortSignal): Promise<void> {
    const time = timeText(this.#world.clock)
    const place = eventPlace(happening, this.#component)
    const there = await this.#client.find(EVENTS, place, signal)
    if (there === undefined)
      await this.#client.create(EVENTS, newEvent(happening, this.#component, count, time), signal)
    else await this.#client.update(EVENTS, countedEvent(there, count, time), signal)
  }

  #remember(key: string): void {
    this.#writtenMs.delete(key)
    this.#writtenMs.set(key, this.#world.clock.monotonicMs())
    const [oldest] = this.#writtenMs.keys()
    if (this.#writtenMs.size > EVENTS_KNOWN_MAX && oldest !== undefined) this.#writtenMs.delete(oldest)
  }
}
