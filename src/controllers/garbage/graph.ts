import { type ApiResource, resourceKey } from '#client'
import type { KubeObject, OwnerReference } from '#schema'

/** The finalizer that keeps an object until what it owns, and blocks it, is gone. */
export const FOREGROUND = 'foregroundDeletion'
/** The finalizer that keeps an object until what it owns no longer names it. */
export const ORPHAN = 'orphan'

/** An object as far as owning and being owned goes. */
export interface Node {
  readonly resource: ApiResource
  readonly metadata: KubeObject['metadata']
}

/** Who owns whom among all objects, by uid. Owners need not be there. */
export class OwnerGraph {
  readonly #nodes = new Map<string, Node>()
  readonly #dependents = new Map<string, Set<string>>()

  get size(): number {
    return this.#nodes.size
  }

  get(uid: string): Node | undefined {
    return this.#nodes.get(uid)
  }

  put(node: Node): void {
    const { uid } = node.metadata
    this.#unlink(uid)
    this.#nodes.set(uid, node)
    for (const owner of ownersOf(node)) {
      const there = this.#dependents.get(owner.uid)
      if (there === undefined) this.#dependents.set(owner.uid, new Set([uid]))
      else there.add(uid)
    }
  }

  remove(uid: string): void {
    this.#unlink(uid)
    this.#nodes.delete(uid)
  }

  /** Forgets all objects of a resource that is no longer served; answers their uids. */
  removeAll(resource: ApiResource): readonly string[] {
    const key = resourceKey(resource)
    const gone = Array.from(this.#nodes.values())
      .filter(node => resourceKey(node.resource) === key)
      .map(node => node.metadata.uid)
    for (const uid of gone) this.remove(uid)
    return gone
  }

  /** True when some object names `uid` as an owner. */
  hasDependents(uid: string): boolean {
    return this.#dependents.has(uid)
  }

  /** The objects that name `uid` as an owner, and may: what lies in another namespace neither goes with it nor keeps it. */
  dependents(uid: string): readonly Node[] {
    const owner = this.#nodes.get(uid)
    return Array.from(this.#dependents.get(uid) ?? [], each => this.#nodes.get(each))
      .filter(node => node !== undefined)
      .filter(node => owner === undefined || mayOwn(owner, node))
  }

  #unlink(uid: string): void {
    const node = this.#nodes.get(uid)
    if (node === undefined) return
    for (const owner of ownersOf(node)) {
      const there = this.#dependents.get(owner.uid)
      there?.delete(uid)
      if (there?.size === 0) this.#dependents.delete(owner.uid)
    }
  }
}

/** True when an object may be the owner of another: it lies in no namespace, or in the same. */
export function mayOwn(owner: Node, { metadata }: Node): boolean {
  return !owner.resource.isNamespaced || owner.metadata.namespace === metadata.namespace
}

/** The owners an object names. */
export function ownersOf({ metadata }: Node): readonly OwnerReference[] {
  return metadata.ownerReferences ?? []
}

/** True for an object that is being deleted. */
export function isGoing({ metadata }: Node): boolean {
  return metadata.deletionTimestamp !== undefined
}

export function hasFinalizer({ metadata }: Node, name: string): boolean {
  return (metadata.finalizers ?? []).includes(name)
}

/** True for an object that waits until what it owns is gone. */
export function isForeground(node: Node): boolean {
  return isGoing(node) && hasFinalizer(node, FOREGROUND)
}

/** Of an object's metadata what the graph needs. */
export function graphMetadata(object: KubeObject): KubeObject {
  const { namespace, name, uid, resourceVersion, deletionTimestamp, finalizers, ownerReferences } = object.metadata
  return {
    apiVersion: '',
    kind: '',
    metadata: {
      name,
      uid,
      resourceVersion,
      creationTimestamp: '',
      ...(namespace === undefined ? {} : { namespace }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(finalizers === undefined || finalizers.length === 0 ? {} : { finalizers }),
      ...(ownerReferences === undefined || ownerReferences.length === 0 ? {} : { ownerReferences }),
    },
  }
}
