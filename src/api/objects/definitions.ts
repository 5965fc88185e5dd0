import { type Resource, textAt } from '#schema'
import { apiFault } from '../faults.ts'
import { DEFINITIONS_KNOWN_MAX } from '../limits.ts'
import { objectKey } from '../store/keys.ts'
import { type Guard, type ObjectStore, qualified } from '../store/object-store.ts'

const DEFINITIONS = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' } as const

/**
 * Refuses objects whose definition is going or gone, also when this server has not heard of it: who deletes the objects of a
 * definition deletes them all.
 */
export class DefinitionAdmission {
  readonly #store: ObjectStore
  // The revision at which each was found to be there and to stay.
  readonly #known = new Map<string, number>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  /** As `NamespaceAdmission.guess`. */
  guess(resource: Resource): readonly Guard[] | undefined {
    if (resource.custom === undefined) return []
    const name = qualified(resource)
    const revision = this.#known.get(name)
    return revision === undefined ? undefined : [guardOf(name, revision)]
  }

  /**
   * Checks that objects of a resource can be made; the answer is what the store must still find so when one is. Faults:
   * NotFound, MethodNotAllowed, ServiceUnavailable.
   */
  async admit(resource: Resource, signal: AbortSignal): Promise<readonly Guard[]> {
    if (resource.custom === undefined) return []
    const name = qualified(resource)
    this.#known.delete(name)
    const found = await this.#store.find(DEFINITIONS, { namespace: undefined, name }, signal)
    if (found === undefined) throw apiFault('NotFound', 'the server could not find the requested resource')
    if (found.metadata.deletionTimestamp !== undefined) throw apiFault('MethodNotAllowed', TERMINATING)
    if ((textAt(found, 'spec', 'scope') === 'Namespaced') !== resource.isNamespaced) {
      throw apiFault('ServiceUnavailable', `${name} is defined anew`, { hint: 'Try again in a moment.' })
    }
    const revision = Number(found.metadata.resourceVersion)
    if (this.#known.size >= DEFINITIONS_KNOWN_MAX) this.#known.clear()
    this.#known.set(name, revision)
    return [guardOf(name, revision)]
  }
}

// In Kubernetes' words.
const TERMINATING = 'create not allowed while custom resource definition is terminating'

function guardOf(name: string, revision: number): Guard {
  return { key: objectKey(DEFINITIONS, { name }), revision }
}
