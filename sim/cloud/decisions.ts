import type { NodeMap } from '#cluster'
import { type MapFacts, nextMap } from '#controllers'
import type { KubeObject } from '#schema'
import { EMPTY_MAP, type CloudMachine } from './machine.ts'

/** What people have decided about a cloud: who is in it, who gives its copies away, how many copies there are. */
export class Decisions {
  readonly #members = new Map<string, { readonly isController: boolean }>()
  readonly #draining = new Set<string>()
  readonly #revoked: string[] = []
  readonly #pools: readonly KubeObject[]

  constructor(pool: { readonly replicas: number; readonly minReplicas: number }) {
    this.#pools = [object('Pool', 'default', pool)]
  }

  /** Lets a machine in. */
  admit({ name, start0: { isController } }: CloudMachine): void {
    this.#members.set(name, { isController })
  }

  drain(name: string): void {
    this.#draining.add(name)
  }

  /** Takes a machine out for good. */
  remove({ name, start0: { serial } }: CloudMachine): void {
    this.#members.delete(name)
    this.#draining.delete(name)
    this.#revoked.push(serial)
  }

  isDraining(name: string): boolean {
    return this.#draining.has(name)
  }

  /** The name of a machine that gives its copies away. */
  get draining(): string | undefined {
    return this.#draining.values().next().value
  }

  /** The map after another, with what a controller has heard; the very one before when that is right. */
  nextMap(kept: NodeMap | undefined, heard: Pick<MapFacts, 'own' | 'heard' | 'versionThere'>): NodeMap {
    const before = kept ?? { ...EMPTY_MAP, machines: [] }
    const nodes = Array.from(this.#members.keys(), each => object('Node', each, this.#taints(each)))
    const map = nextMap(
      { ...before, groups: GROUPS },
      {
        ...heard,
        cloud: 'sim',
        members: Array.from(this.#members, ([name, { isController }]) => ({ name, isController })),
        nodes: new Map(nodes.map(node => [node.metadata.name, node])),
        pools: this.#pools,
        revoked: this.#revoked,
      },
    )
    return map.version === before.version ? before : { ...map, groups: EMPTY_MAP.groups }
  }

  #taints(name: string) {
    return this.#draining.has(name) ? { taints: [{ key: 'cairn.dev/draining', effect: 'NoSchedule' }] } : {}
  }
}

/** As many as clouds have that are not simulated: the next map keeps the number. */
const GROUPS = 4096

function object(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, uid: name, creationTimestamp: '' }, spec: { ...spec } }
}
