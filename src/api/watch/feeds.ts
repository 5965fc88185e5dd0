import type { Resource } from '#schema'
import { qualified } from '../store/object-store.ts'
import { Feed, type FeedParts } from './feed.ts'

interface Shared {
  readonly resource: Resource
  readonly opening: Promise<Feed>
  feed: Feed | undefined
  watchers: number
}

/** One feed for each resource that somebody watches; it ends with the last who does. */
export class Feeds {
  readonly parts: FeedParts
  readonly #shared = new Map<string, Shared>()

  constructor(parts: FeedParts) {
    this.parts = parts
  }

  /** The feed of a resource, kept for as long as the answer is not disposed. */
  async use(resource: Resource): Promise<{ readonly feed: Feed } & Disposable> {
    const key = `${qualified(resource)}/${resource.version}`
    const known = this.#shared.get(key)
    // A kind that people have defined is another resource when its definition has changed.
    const isCurrent = known !== undefined && known.feed?.isOver !== true && known.resource === resource
    const shared = isCurrent ? known : this.#open(key, resource)
    shared.watchers += 1
    let isUsed = true
    const leave = (): void => {
      if (!isUsed) return
      isUsed = false
      shared.watchers -= 1
      if (shared.watchers === 0) this.#close(key, shared)
    }
    try {
      return { feed: await shared.opening, [Symbol.dispose]: leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  #open(key: string, resource: Resource): Shared {
    const opening = Feed.open(this.parts, resource)
    const shared: Shared = { resource, opening, feed: undefined, watchers: 0 }
    this.#shared.set(key, shared)
    opening.then(
      feed => {
        shared.feed = feed
        if (shared.watchers === 0) feed[Symbol.dispose]()
      },
      () => undefined,
    )
    return shared
  }

  #close(key: string, shared: Shared): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key)
    shared.feed?.[Symbol.dispose]()
  }
}
