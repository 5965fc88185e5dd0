import type { NodeMap } from '#cluster'
import { nextMap } from '#controllers'
import type { KubeObject } from '#schema'
import { EMPTY_MAP, type CloudMachine } from './machine.ts'

/** Who looks at maps as they are made. */
export interface MapHearer {
  changed(before: NodeMap, after: NodeMap): void
  /** The map as it is handed over: the same, but for planted bugs. */
  spoil(map: NodeMap): NodeMap
}

/** What people have decided about a cloud, and the map that the leading controller has kept last. */
export class Leader {
  kept: NodeMap
  readonly #members = new Map<string, { readonly isController: boolean }>()
  readonly #draining = new Set<string>()
  readonly #revoked: string[] = []
  readonly #pools: readonly KubeObject[]
  readonly #hears: MapHearer

  constructor(pool: { readonly replicas: number; readonly minReplicas: number }, hears: MapHearer) {
    this.#pools = [object('Pool', 'default', pool)]
    this.#hears = hears
    this.kept = { ...EMPTY_MAP, machines: [] }
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

  /** The name of a machine that gives its copies away. */
  get draining(): string | undefined {
    return this.#draining.values().next().value
  }

  /** Computes the map anew from what the storage process of a controller has heard, and hands it over. */
  async look({ links, maps, name }: CloudMachine): Promise<void> {
    if (links === undefined || maps === undefined) return
    const nodes = Array.from(this.#members.keys(), each => object('Node', each, this.#taints(each)))
    const map = nextMap(
      { ...this.kept, groups: 4096 },
      {
        own: name,
        cloud: 'sim',
        versionThere: maps.map.isShared ? maps.map.version : 0,
        members: Array.from(this.#members, ([each, { isController }]) => ({ name: each, isController })),
        heard: new Map(links.heard().map(({ name: each, row }) => [each, row()])),
        nodes: new Map(nodes.map(node => [node.metadata.name, node])),
        pools: this.#pools,
        revoked: this.#revoked,
      },
    )
    const next = map.version === this.kept.version ? this.kept : this.#hears.spoil({ ...map, groups: EMPTY_MAP.groups })
    if (next !== this.kept) this.#hears.changed(this.kept, next)
    this.kept = next
    if (maps.map.version < next.version || !maps.map.isShared) await maps.take(next)
  }

  #taints(name: string) {
    return this.#draining.has(name) ? { taints: [{ key: 'cairn.dev/draining', effect: 'NoSchedule' }] } : {}
  }
}

function object(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, uid: name, creationTimestamp: '' }, spec: { ...spec } }
}
