import { isFault, orAborted, whyOf, type World } from '#base'
import type { KubeObject } from '#schema'
import { type ApiResource, type Place, placeKey } from '../api-resource.ts'
import { backoffMs } from '../backoff.ts'
import type { Client } from '../client.ts'
import { INFORMER_PAUSE_MS, INFORMER_PAUSE_MS_MAX, OBJECTS_IN_PIECE, WATCH_SECONDS_MIN } from '../limits.ts'
import type { WatchEvent } from '../request/watch.ts'
import type { Selection } from '../selection.ts'
import { type Change, type IndexOf, ObjectCache } from './cache.ts'

/** What an informer follows, and how. */
export interface InformerOptions {
  readonly client: Client
  readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
  readonly resource: ApiResource
  readonly selection?: Selection | undefined
  /** Ways to find objects besides their place. */
  readonly indexes?: Readonly<Record<string, IndexOf>> | undefined
  /** What of each object is kept in memory, with its metadata's name, namespace, uid and resourceVersion; all when undefined. */
  readonly keep?: ((object: KubeObject) => KubeObject) | undefined
}

/** Told of each change once, in order. Must not throw. */
export type Listener = (change: Change) => void

/** Follows the objects of a resource from now on: lists them, then watches from the list's revision. */
export function openInformer(options: InformerOptions): Informer {
  return new Informer(options)
}

/**
 * The objects of a resource as the API has them, a moment late. A cut watch is resumed behind the last revision seen, so that
 * no change is lost or told twice; when that is no longer kept, the objects are listed anew and the difference is told.
 */
export class Informer implements AsyncDisposable {
  readonly resource: ApiResource
  readonly #options: InformerOptions
  readonly #cache: ObjectCache
  readonly #listeners = new Set<Listener>()
  readonly #end = new AbortController()
  readonly #synced = Promise.withResolvers<void>()
  readonly #run: Promise<void>
  #hasSynced = false
  #lists = 0
  #watches = 0

  constructor(options: InformerOptions) {
    this.resource = options.resource
    this.#options = options
    this.#cache = new ObjectCache(options.indexes ?? {})
    this.#synced.promise.catch(() => undefined)
    this.#run = this.#follow(this.#end.signal)
  }

  /** True when all that was there at first is known. */
  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** Lists and watches asked for so far. */
  get requests(): { readonly lists: number; readonly watches: number } {
    return { lists: this.#lists, watches: this.#watches }
  }

  get size(): number {
    return this.#cache.size
  }

  /** Resolves when all that was there at first is known; rejects when the informer or the signal ends first. */
  async synced(signal: AbortSignal): Promise<void> {
    await orAborted(this.#synced.promise, signal)
  }

  get(place: Place): KubeObject | undefined {
    return this.#cache.get(placeKey(place))
  }

  all(): readonly KubeObject[] {
    return [...this.#cache.all()]
  }

  byIndex(name: string, value: string): readonly KubeObject[] {
    return this.#cache.byIndex(name, value)
  }

  /** Tells of all that is there as added, at once, and of each change from then on, until it is disposed. */
  listen(listener: Listener): Disposable {
    for (const now of this.#cache.all()) listener({ kind: 'added', now, before: undefined })
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort()
    this.#listeners.clear()
    await this.#run
    this.#synced.reject(this.#end.signal.reason)
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let revision: string | undefined
    let failures = 0
    while (!signal.aborted) {
      try {
        revision ??= await this.#list(signal)
        for await (const event of this.#watch(revision, signal)) {
          revision = this.#take(event)
          failures = 0
        }
        // Ended in good time, or cut: a server that ends each watch at once is not asked without a pause.
        failures += 1
      } catch (error) {
        if (signal.aborted) return
        if (isFault(error, 'Expired')) revision = undefined
        failures += 1
        this.#complain(error, failures)
      }
      await this.#pause(failures, signal)
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, resource, selection = {} } = this.#options
    this.#lists += 1
    const { revision, objects } = await client.listAll(resource, selection, signal)
    await this.#takeAll(objects, signal)
    this.#hasSynced = true
    this.#synced.resolve()
    return revision
  }

  // In turns: many informers may have long lists at once.
  async #takeAll(objects: readonly KubeObject[], signal: AbortSignal): Promise<void> {
    let steps = 0
    for (const change of this.#cache.replace(objects, object => this.#kept(object))) {
      if (change !== undefined) this.#tell(change)
      steps += 1
      if (steps % OBJECTS_IN_PIECE === 0) await this.#options.client.turns.take(signal)
    }
  }

  #watch(after: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    const { client, resource, selection = {}, world } = this.#options
    const [random = 0] = world.entropy.bytes(1)
    const seconds = WATCH_SECONDS_MIN + Math.floor((WATCH_SECONDS_MIN * random) / 256)
    this.#watches += 1
    return client.watch(resource, { ...selection, after, seconds }, signal)
  }

  // Answers the revision behind which a watch goes on.
  #take(event: WatchEvent): string {
    if (event.kind === 'bookmark') return event.revision
    const change =
      event.kind === 'deleted' ? this.#cache.remove(event.object) : this.#cache.put(this.#kept(event.object))
    if (change !== undefined) this.#tell(change)
    return event.object.metadata.resourceVersion ?? ''
  }

  #kept(object: KubeObject): KubeObject {
    return this.#options.keep?.(object) ?? object
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }

  // The first failure is what a restarted server looks like; a list that is not found, that its kind is served no longer.
  #complain(error: unknown, failures: number): void {
    if (failures === 1 || isFault(error, 'NotFound')) return
    const fields = { resource: this.resource.plural, failures, error: whyOf(error) }
    this.#options.world.log.warn('following objects failed', fields)
  }

  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, entropy } = this.#options.world
    if (failures === 0) return
    const ms = backoffMs(failures, { firstMs: INFORMER_PAUSE_MS, mostMs: INFORMER_PAUSE_MS_MAX }, entropy)
    await clock.sleep(ms, signal).catch(() => undefined)
  }
}
