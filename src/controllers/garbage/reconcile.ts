import { inLanes, isFault } from '#base'
import type { Client } from '#client'
import { apiVersionOf, type JsonObject, type OwnerReference } from '#schema'
import { DEPENDENTS_IN_PIECE, DISCOVERY_MS, ORPHANS_AT_ONCE } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { Follower } from './follow.ts'
import { isGoing, type Node, ORPHAN, OwnerGraph } from './graph.ts'
import { Owners } from './owners.ts'
import { type GarbageStep, ownersWithout, stepOfGoing, stepOfOwned } from './plan.ts'

/**
 * Deletes what nobody owns any more, and does what deletions in the foreground and those that orphan wait for. Objects are
 * known by their uid, over all resources that are served.
 */
export function garbageController(parts: ControllerParts): Controller {
  const collector = new Collector(parts)
  return collector.controller
}

// No uids: looks at what is served, and at all that one owns.
const DISCOVER = 'resources'
const OWNED_BY = 'owned by '

class Collector {
  readonly controller: Controller
  readonly #parts: ControllerParts
  readonly #graph = new OwnerGraph()
  readonly #follower: Follower
  readonly #owners: Owners
  #isReady = false

  constructor(parts: ControllerParts) {
    this.#parts = parts
    const reconcile = (key: string, signal: AbortSignal): Promise<Outcome> => {
      if (key === DISCOVER) return this.#discover(signal)
      return key.startsWith(OWNED_BY) ? this.#lookAtOwned(key, signal) : this.#collect(key, signal)
    }
    this.controller = new Controller({ name: 'garbage', world: parts.world, reconcile, parallel: PARALLEL })
    const look = (uid: string): void => this.controller.add(uid)
    const defined = (): void => this.controller.addAfter(DISCOVER, DEFINED_MS)
    const lookAtOwned = (uid: string): void => {
      if (this.#graph.hasDependents(uid)) this.controller.add(`${OWNED_BY}${uid}`)
    }
    this.#follower = this.controller.use(new Follower(parts, { graph: this.#graph, look, lookAtOwned, defined }))
    this.#owners = new Owners(parts.client, this.#graph)
    this.controller.add(DISCOVER)
  }

  async #discover(signal: AbortSignal): Promise<Outcome> {
    this.#owners.serve(await this.#follower.refresh(signal))
    return { kind: 'again', afterMs: DISCOVERY_MS }
  }

  async #lookAtOwned(key: string, signal: AbortSignal): Promise<Outcome> {
    await this.#lookAt(this.#graph.dependents(key.slice(OWNED_BY.length)), signal)
    return DONE
  }

  // In turns: one object may own very many.
  async #lookAt(nodes: readonly Node[], signal: AbortSignal): Promise<void> {
    for (const [index, { metadata }] of nodes.entries()) {
      if (index % DEPENDENTS_IN_PIECE === 0) await this.#parts.client.turns.take(signal)
      this.controller.add(metadata.uid)
    }
  }

  async #collect(uid: string, signal: AbortSignal): Promise<Outcome> {
    const node = this.#graph.get(uid)
    if (node === undefined) return DONE
    this.#isReady ||= this.#follower.hasSynced
    if (!this.#isReady) return { kind: 'again', afterMs: EARLY_MS }
    try {
      await this.#take(node, await this.#stepOf(node, signal), signal)
    } catch (error) {
      // What is gone needs nothing; what changed is looked at again when its watch tells.
      if (!isFault(error, 'NotFound')) throw error
    }
    return DONE
  }

  async #stepOf(node: Node, signal: AbortSignal): Promise<GarbageStep> {
    if (isGoing(node)) return stepOfGoing(node, this.#graph)
    const states = await this.#owners.statesOf(node, signal)
    for (const [owner, state] of states) if (state === 'refused') this.#refuse(node, owner)
    return stepOfOwned(node, states, this.#graph.dependents(node.metadata.uid))
  }

  async #take(node: Node, step: GarbageStep, signal: AbortSignal): Promise<void> {
    const { client } = this.#parts
    switch (step.kind) {
      case 'none':
        return
      case 'await':
        return this.#lookAt(step.dependents, signal)
      case 'drop':
        return patch(client, node, { ownerReferences: ownersWithout(node, step.owners) }, signal)
      case 'delete': {
        const { uid, resourceVersion } = node.metadata
        const { propagation } = step
        await client.delete(node.resource, node.metadata, { uid, resourceVersion, propagation }, signal)
        return
      }
      case 'orphan':
        await inLanes(step.dependents, ORPHANS_AT_ONCE, each => this.#orphan(each, node.metadata.uid, signal))
        return patch(client, node, { finalizers: finalizersWithout(node, ORPHAN) }, signal)
      case 'release':
        return patch(client, node, { finalizers: finalizersWithout(node, step.finalizer) }, signal)
    }
  }

  async #orphan(dependent: Node, owner: string, signal: AbortSignal): Promise<void> {
    const ownerReferences = ownersWithout(dependent, new Set([owner]))
    await patch(this.#parts.client, dependent, { ownerReferences }, signal).catch((error: unknown) => {
      if (!isFault(error, 'NotFound')) throw error
    })
  }

  // As Kubernetes says it.
  #refuse({ resource, metadata }: Node, owner: OwnerReference): void {
    const where = metadata.namespace === undefined ? 'at the cluster scope' : `in namespace "${metadata.namespace}"`
    this.#parts.events.record({
      object: { apiVersion: apiVersionOf(resource.group, resource.version), kind: resource.kind, metadata },
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef [${owner.apiVersion}/${owner.kind}, name: ${owner.name}, uid: ${owner.uid}] does not exist ${where}`,
    })
  }
}

// Only of the object as the graph knows it: what changed since is looked at anew.
async function patch(client: Client, node: Node, metadata: JsonObject, signal: AbortSignal): Promise<void> {
  const { uid, resourceVersion } = node.metadata
  const body = { metadata: { uid, resourceVersion, ...metadata } }
  await client.patch(node.resource, node.metadata, { type: 'merge', body }, signal)
}

function finalizersWithout({ metadata }: Node, finalizer: string): readonly string[] | null {
  const left = (metadata.finalizers ?? []).filter(name => name !== finalizer)
  return left.length === 0 ? null : left
}

const PARALLEL = 16
// Definitions come together, and are served a moment after they changed.
const DEFINED_MS = 1_000
// Until all is known once, an owner that is only late would seem to be no more.
const EARLY_MS = 100
