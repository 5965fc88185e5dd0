import { isFault, type World, whyOf } from '#base'
import type { ObjectStore } from '#api'
import type { Revision } from '#keyspace'
import type { KubeObject, Resource } from '#schema'
import { POLICY_RETRY_MS } from '../limits.ts'

/** Hears of the objects of a resource: all of them at first, and when something was missed; then each change. */
export interface FollowsObjects {
  reset(objects: readonly KubeObject[]): void
  put(object: KubeObject): void
  remove(object: KubeObject): void
  /** Called behind every change, and behind a reset. */
  changed(): void
}

/** What objects are followed with. */
export interface FollowedParts {
  readonly store: ObjectStore
  readonly world: World
  readonly resource: Resource
  readonly into: FollowsObjects
}

/** Keeps what is known of all objects of a resource right, by a watch, until disposed. */
export class FollowedObjects implements AsyncDisposable {
  readonly #parts: FollowedParts
  readonly #closing = new AbortController()
  #following: Promise<void> = Promise.resolve()

  /** Resolves when all are known. */
  static async open(parts: FollowedParts): Promise<FollowedObjects> {
    const followed = new FollowedObjects(parts)
    const known = Promise.withResolvers<void>()
    followed.#following = followed.#follow(known.resolve)
    await known.promise
    return followed
  }

  private constructor(parts: FollowedParts) {
    this.#parts = parts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #follow(known: () => void): Promise<void> {
    const { signal } = this.#closing
    const { world, resource } = this.#parts
    while (!signal.aborted) {
      try {
        await this.#followOnce(known)
      } catch (error) {
        if (signal.aborted) return
        if (!isFault(error, 'Expired'))
          world.log.warn('objects are read again', { kind: resource.kind, why: whyOf(error) })
        await world.clock.sleep(POLICY_RETRY_MS, signal).catch(() => undefined)
      }
    }
  }

  async #followOnce(known: () => void): Promise<void> {
    const { signal } = this.#closing
    const { store, resource, into } = this.#parts
    const revision = await this.#readAll()
    known()
    into.changed()
    const wanted = { namespace: undefined, after: revision }
    for await (const { changes } of store.changes(resource, wanted, signal)) {
      for (const { now, before } of changes) {
        if (now !== undefined) into.put(now)
        else if (before !== undefined) into.remove(before)
      }
      if (changes.length > 0) into.changed()
    }
  }

  // On its own: whoever waits for changes does not keep all that was there at first.
  async #readAll(): Promise<Revision> {
    const { signal } = this.#closing
    const { store, resource, into } = this.#parts
    const first = await store.page(resource, { namespace: undefined }, signal)
    const objects = [...first.objects]
    const { revision } = first
    for (let { next } = first; next !== undefined; ) {
      const page = await store.page(resource, { namespace: undefined, revision, after: next }, signal)
      objects.push(...page.objects)
      next = page.next
    }
    into.reset(objects)
    return revision
  }
}
