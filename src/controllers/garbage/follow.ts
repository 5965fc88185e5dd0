import { type Change, type Informer, openInformer, resourceKey, type ServedResource, servedResources } from '#client'
import type { ControllerParts } from '../loop/parts.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, EVENTS } from '../resources.ts'
import { graphMetadata, isGoing, type Node, type OwnerGraph, ownersOf } from './graph.ts'

interface Following {
  readonly graph: OwnerGraph
  readonly look: (uid: string) => void
  readonly lookAtOwned: (uid: string) => void
  readonly defined: () => void
}

/** Keeps a graph as the API has it: one watch of metadata for each resource that is served. */
export class Follower implements AsyncDisposable {
  readonly #parts: ControllerParts
  readonly #graph: OwnerGraph
  readonly #look: (uid: string) => void
  readonly #lookAtOwned: (uid: string) => void
  readonly #defined: () => void
  readonly #informers = new Map<string, Informer>()

  /**
   * `look` is told of each object that may have something to do, `lookAtOwned` of one whose dependents may, `defined` when what
   * is served may change.
   */
  constructor(parts: ControllerParts, { graph, look, lookAtOwned, defined }: Following) {
    this.#parts = parts
    this.#graph = graph
    this.#look = look
    this.#lookAtOwned = lookAtOwned
    this.#defined = defined
  }

  /** Follows what is served now, and ceases to follow what is not any more; answers what is served. */
  async refresh(signal: AbortSignal): Promise<readonly ServedResource[]> {
    const served = await servedResources(this.#parts.client, signal)
    const wanted = new Map(served.filter(isFollowed).map(each => [resourceKey(each), each]))
    for (const [key, informer] of this.#informers) if (!wanted.has(key)) await this.#close(key, informer)
    for (const [key, resource] of wanted) if (!this.#informers.has(key)) this.#informers.set(key, this.#open(resource))
    return served
  }

  /** True when all that is followed is known as it was at first. */
  get hasSynced(): boolean {
    return this.#informers.size > 0 && Array.from(this.#informers.values()).every(each => each.hasSynced)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#informers.values(), informer => informer[Symbol.asyncDispose]()))
    this.#informers.clear()
  }

  #open(resource: ServedResource): Informer {
    const { client, world } = this.#parts
    const informer = openInformer({ client, world, resource, selection: { view: 'metadata' }, keep: graphMetadata })
    informer.listen(change => this.#take(resource, change))
    return informer
  }

  async #close(key: string, informer: Informer): Promise<void> {
    this.#informers.delete(key)
    await informer[Symbol.asyncDispose]()
    this.#graph.removeAll(informer.resource)
  }

  #take(resource: ServedResource, { now, before }: Change): void {
    const uid = (now ?? before)?.metadata.uid ?? ''
    if (resourceKey(resource) === DEFINITIONS) this.#defined()
    const old = this.#graph.get(uid)
    // What this object held or waited for may go on: its owners that go, and what it owned.
    for (const node of [old, now === undefined ? undefined : { resource, metadata: now.metadata }]) {
      for (const owner of node === undefined ? [] : ownersOf(node)) this.#lookIfGoing(owner.uid)
    }
    if (now === undefined) {
      this.#graph.remove(uid)
      this.#lookAtOwned(uid)
      return
    }
    const node = { resource, metadata: now.metadata }
    this.#graph.put(node)
    if (isGoing(node) || ownersOf(node).length > 0) this.#look(uid)
    if (isGoing(node)) this.#lookAtOwned(uid)
  }

  #lookIfGoing(uid: string): void {
    const node: Node | undefined = this.#graph.get(uid)
    if (node !== undefined && isGoing(node)) this.#look(uid)
  }
}

const DEFINITIONS = resourceKey(CUSTOM_RESOURCE_DEFINITIONS)

// Events are many, own nothing and go by themselves.
function isFollowed({ group, plural, verbs }: ServedResource): boolean {
  const isEvents = plural === EVENTS.plural && (group === '' || group === 'events.k8s.io')
  return !isEvents && verbs.has('list') && verbs.has('watch') && verbs.has('delete')
}
