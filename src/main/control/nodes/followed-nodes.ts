import type { ObjectStore } from '#api'
import type { World } from '#base'
import { type Attempt, type Caller, dependsOnObjects, isNodeAllowed, NodeIndex, type NodeKind, nodeOf } from '#identity'
import { RESOURCES, type Resource } from '#schema'
import { NODE_AGAIN_MS } from '../../limits.ts'
import { FollowedObjects } from '../followed-objects.ts'

/**
 * What machines may because of what they have to do with. The objects that say so are followed from the first question of a
 * machine on: a cloud of one machine, which needs no such rights, pays nothing.
 */
export class FollowedNodes implements AsyncDisposable {
  readonly #store: ObjectStore
  readonly #world: World
  readonly #stack = new AsyncDisposableStack()
  readonly #index = new NodeIndex()
  readonly #closing = new AbortController()
  #opened: Promise<void> | undefined

  constructor(store: ObjectStore, world: World) {
    this.#store = store
    this.#world = world
  }

  /** Whether somebody may do something because he is a machine. */
  async mayHe(caller: Caller, attempt: Attempt): Promise<boolean> {
    const node = nodeOf(caller)
    if (node === undefined) return false
    if (!dependsOnObjects(attempt)) return isNodeAllowed(this.#index, node, attempt)
    await this.#open()
    if (isNodeAllowed(this.#index, node, attempt)) return true
    // A machine may hear of a pod a moment before the index does.
    await this.#world.clock.sleep(NODE_AGAIN_MS, this.#closing.signal).catch(() => undefined)
    return isNodeAllowed(this.#index, node, attempt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#opened
    await this.#stack.disposeAsync()
  }

  #open(): Promise<void> {
    this.#opened ??= this.#follow()
    return this.#opened
  }

  async #follow(): Promise<void> {
    const [store, world] = [this.#store, this.#world]
    const followed = await Promise.all(
      KINDS.map(([group, kind]) =>
        FollowedObjects.open({ store, world, resource: resourceOf(group, kind), into: this.#into(kind) }),
      ),
    )
    for (const each of followed) this.#stack.use(each)
  }

  #into(kind: NodeKind) {
    const index = this.#index
    return {
      reset: index.reset.bind(index, kind),
      put: index.put.bind(index, kind),
      remove: index.remove.bind(index, kind),
      changed: () => undefined,
    }
  }
}

const KINDS: readonly (readonly [group: string, kind: NodeKind])[] = [
  ['', 'Pod'],
  ['', 'PersistentVolume'],
  ['storage.k8s.io', 'VolumeAttachment'],
  ['cairn.dev', 'Disk'],
  ['certificates.k8s.io', 'CertificateSigningRequest'],
]

function resourceOf(group: string, kind: NodeKind): Resource {
  const found = RESOURCES.find(each => each.group === group && each.kind === kind)
  if (found === undefined) throw new Error(`there is no kind ${kind}`)
  return found
}
