import { type KubeObject, textAt } from '#schema'
import { nodeNamed } from './node-name.ts'
import { claimOfVolume, type Reference, referencesOfPod, referenceTo } from './references.ts'

/** The kinds whose objects say what a machine needs. */
export type NodeKind = 'Pod' | 'PersistentVolume' | 'VolumeAttachment' | 'Disk' | 'CertificateSigningRequest'

/** What each machine has to do with, from the objects that say so: a question is answered without looking at all of them. */
export class NodeIndex {
  /** By kind and place of the object that refers. */
  readonly #holders: Readonly<Record<NodeKind, Map<Reference, Held>>> = {
    Pod: new Map(),
    PersistentVolume: new Map(),
    VolumeAttachment: new Map(),
    Disk: new Map(),
    CertificateSigningRequest: new Map(),
  }
  /** How many objects bind a machine, or a claim of a volume, to each. */
  readonly #counts = new Map<string, Map<Reference, number>>()
  /** The claims through which something is needed. */
  readonly #claims = new Map<Reference, Map<Reference, number>>()

  /** An object as it is now. */
  put(kind: NodeKind, object: KubeObject): void {
    this.remove(kind, object)
    const held = HELD[kind](object)
    if (held === undefined) return
    this.#holders[kind].set(keyOf(object), held)
    for (const reference of held.references) this.#count(held, reference, 1)
  }

  /** An object that is gone. */
  remove(kind: NodeKind, object: KubeObject): void {
    const key = keyOf(object)
    const held = this.#holders[kind].get(key)
    if (held === undefined) return
    this.#holders[kind].delete(key)
    for (const reference of held.references) this.#count(held, reference, -1)
  }

  /** All objects of a kind, in place of those before. */
  reset(kind: NodeKind, objects: readonly KubeObject[]): void {
    for (const held of this.#holders[kind].values()) {
      for (const reference of held.references) this.#count(held, reference, -1)
    }
    this.#holders[kind].clear()
    for (const object of objects) this.put(kind, object)
  }

  /** True when a machine has to do with something: a pod is on it, or it needs it for one that is. */
  has(node: string, reference: Reference): boolean {
    const own = this.#counts.get(node)
    if (own === undefined) return false
    if (own.has(reference)) return true
    for (const claim of this.#claims.get(reference)?.keys() ?? []) if (own.has(claim)) return true
    return false
  }

  #count({ by, holder }: Held, reference: Reference, change: 1 | -1): void {
    // A machine is asked for what it has, a claim is found by what is needed through it.
    if (by === 'node') changeCount(this.#counts, [holder, reference], change)
    else changeCount(this.#claims, [reference, holder], change)
  }
}

interface Held {
  readonly by: 'node' | 'claim'
  /** The machine, or the claim. */
  readonly holder: string
  readonly references: readonly Reference[]
}

const HELD: Readonly<Record<NodeKind, (object: KubeObject) => Held | undefined>> = {
  Pod: pod => heldBy(textAt(pod, 'spec', 'nodeName'), [selfOf('pods', pod), ...referencesOfPod(pod)]),
  PersistentVolume(volume) {
    const claimed = claimOfVolume(volume)
    return claimed === undefined ? undefined : { by: 'claim', holder: claimed.claim, references: claimed.needs }
  },
  VolumeAttachment: object => heldBy(textAt(object, 'spec', 'nodeName'), [selfOf('volumeattachments', object)]),
  Disk: object => heldBy(textAt(object, 'spec', 'nodeName'), [selfOf('disks', object)]),
  CertificateSigningRequest: object =>
    heldBy(nodeNamed(textAt(object, 'spec', 'username') ?? ''), [selfOf('certificatesigningrequests', object)]),
}

function heldBy(node: string | undefined, references: readonly Reference[]): Held | undefined {
  if (node === undefined || node === '') return undefined
  return { by: 'node', holder: node, references: [...new Set(references)] }
}

function selfOf(plural: string, { metadata: { namespace, name } }: KubeObject): Reference {
  return referenceTo(plural, namespace, name)
}

function keyOf({ metadata: { namespace = '', name } }: KubeObject): string {
  return `${namespace}/${name}`
}

function changeCount(
  counts: Map<string, Map<string, number>>,
  [outer, inner]: readonly [string, string],
  change: 1 | -1,
): void {
  const inside = counts.get(outer) ?? new Map<string, number>()
  const count = (inside.get(inner) ?? 0) + change
  if (count > 0) inside.set(inner, count)
  else inside.delete(inner)
  if (inside.size > 0) counts.set(outer, inside)
  else counts.delete(outer)
}
