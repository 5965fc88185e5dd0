import { isJsonObject, type JsonObject, type KubeObject, type Resource } from '#schema'
import { apiFault } from '../faults.ts'
import { NAMESPACES_KNOWN_MAX } from '../limits.ts'
import { StatusMore } from '../status-more.ts'
import { objectKey } from '../store/keys.ts'
import { type Guard, type ObjectStore, qualified } from '../store/object-store.ts'

/** Refuses namespaces that are not there, and those that are going: nothing new is made in either. */
export class NamespaceAdmission {
  readonly #store: ObjectStore
  // The revision at which each was found to be there and to stay.
  readonly #known = new Map<string, number>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  /**
   * What the store must still find so when it makes an object, by what was known before; undefined when that is nothing. Who
   * is refused by it asks {@link admit}.
   */
  guess(resource: Resource, { metadata: { namespace } }: KubeObject): readonly Guard[] | undefined {
    if (!resource.isNamespaced || namespace === undefined) return []
    const revision = this.#known.get(namespace)
    return revision === undefined ? undefined : [guardOf(namespace, revision)]
  }

  /**
   * Checks that an object can be made; the answer is what the store must still find so when it makes it. Faults: NotFound,
   * Forbidden.
   */
  async admit(resource: Resource, { metadata }: KubeObject, signal: AbortSignal): Promise<readonly Guard[]> {
    const { namespace, name } = metadata
    if (!resource.isNamespaced || namespace === undefined) return []
    this.#known.delete(namespace)
    const found = await this.#store.find(NAMESPACES, { namespace: undefined, name: namespace }, signal)
    if (found === undefined) {
      const details = { name: namespace, kind: 'namespaces' }
      throw apiFault('NotFound', `namespaces "${namespace}" not found`, { cause: new StatusMore({ details }) })
    }
    if (found.metadata.deletionTimestamp !== undefined) throw terminating(resource, name, namespace)
    const revision = Number(found.metadata.resourceVersion)
    if (this.#known.size >= NAMESPACES_KNOWN_MAX) this.#known.clear()
    this.#known.set(namespace, revision)
    return [guardOf(namespace, revision)]
  }
}

function guardOf(namespace: string, revision: number): Guard {
  return { key: objectKey(NAMESPACES, { name: namespace }), revision }
}

/** An updated namespace with the finalizers it had: only its subresource `finalize` changes them. */
export function keepFinalizers({ group, plural }: Resource, next: KubeObject, old: KubeObject): KubeObject {
  if (group !== '' || plural !== 'namespaces') return next
  const finalizers = isJsonObject(old['spec']) ? old['spec']['finalizers'] : undefined
  const spec: JsonObject = isJsonObject(next['spec']) ? next['spec'] : {}
  const { finalizers: _, ...rest } = spec
  return { ...next, spec: finalizers === undefined ? rest : { ...rest, finalizers } }
}

const NAMESPACES = { group: '', plural: 'namespaces' } as const

function terminating(resource: Resource, name: string, namespace: string): Error {
  const causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]
  const group = resource.group === '' ? {} : { group: resource.group }
  const cause = new StatusMore({ details: { name, ...group, kind: resource.plural, causes } })
  const said = `unable to create new content in namespace ${namespace} because it is being terminated`
  return apiFault('Forbidden', `${qualified(resource)} "${name}" is forbidden: ${said}`, { cause })
}
