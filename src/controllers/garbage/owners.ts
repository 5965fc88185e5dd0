import { isFault } from '#base'
import type { ApiResource, Client, ServedResource } from '#client'
import { apiVersionOf, type OwnerReference } from '#schema'
import { ABSENT_OWNERS_MAX } from '../limits.ts'
import { isForeground, mayOwn, type Node, type OwnerGraph, ownersOf } from './graph.ts'
import type { OwnerState } from './plan.ts'

/** Tells what owners are to objects: by the graph, and by asking the API for those it does not have. */
export class Owners {
  readonly #client: Client
  readonly #graph: OwnerGraph
  /** Owners that are no more, as they were named; a uid never comes again. The oldest first. */
  readonly #absent = new Set<string>()
  #resources: ReadonlyMap<string, ServedResource> = new Map()

  constructor(client: Client, graph: OwnerGraph) {
    this.#client = client
    this.#graph = graph
  }

  /** Takes the resources that are served, by which kinds are found. */
  serve(resources: readonly ServedResource[]): void {
    this.#resources = new Map(resources.map(each => [kindKey(each.group, each.kind), each]))
  }

  async statesOf(node: Node, signal: AbortSignal): Promise<ReadonlyMap<OwnerReference, OwnerState>> {
    const states = new Map<OwnerReference, OwnerState>()
    for (const owner of ownersOf(node)) states.set(owner, await this.#stateOf(node, owner, signal))
    return states
  }

  async #stateOf(node: Node, owner: OwnerReference, signal: AbortSignal): Promise<OwnerState> {
    const { namespace } = node.metadata
    const known = this.#graph.get(owner.uid)
    if (known !== undefined) return mayOwn(known, node) ? (isForeground(known) ? 'waiting' : 'solid') : 'refused'
    const [group, version] = versionOf(owner)
    const resource = this.#resources.get(kindKey(group, owner.kind))
    // A kind or a version that is not served, or not any more, tells nothing: its objects may come back.
    if (resource === undefined || !resource.versions.has(version)) return 'solid'
    if (resource.isNamespaced && namespace === undefined) return 'refused'
    if (this.#absent.has(absentKey(owner, namespace))) return 'absent'
    return this.#ask(resource, owner, { namespace, name: owner.name }, signal)
  }

  async #ask(
    resource: ApiResource,
    owner: OwnerReference,
    { namespace, name }: { readonly namespace: string | undefined; readonly name: string },
    signal: AbortSignal,
  ): Promise<OwnerState> {
    const place = resource.isNamespaced ? { namespace, name } : { name }
    const found = await this.#client.find(resource, place, signal).catch((error: unknown) => {
      // A name that cannot be asked for is nobody's.
      if (!isFault(error, 'BadRequest')) throw error
      return undefined
    })
    if (found?.metadata.uid === owner.uid) return 'solid'
    this.#absent.add(absentKey(owner, namespace))
    const [oldest] = this.#absent
    if (this.#absent.size > ABSENT_OWNERS_MAX && oldest !== undefined) this.#absent.delete(oldest)
    return 'absent'
  }
}

function kindKey(group: string, kind: string): string {
  return apiVersionOf(group, kind)
}

function versionOf({ apiVersion }: OwnerReference): readonly [group: string, version: string] {
  const [first = '', second] = apiVersion.split('/')
  return second === undefined ? ['', first] : [first, second]
}

// Another object may name the same uid with another kind, which says nothing about this one.
function absentKey({ apiVersion, kind, name, uid }: OwnerReference, namespace: string | undefined): string {
  return [apiVersion, kind, namespace ?? '', name, uid].join(' ')
}
