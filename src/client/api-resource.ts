import { apiVersionOf, type Resource } from '#schema'

/** What paths and answers name of a resource; every `Resource` of `#schema` is one. */
export type ApiResource = Pick<Resource, 'group' | 'version' | 'plural' | 'kind' | 'isNamespaced'>

/** Where an object is; without a namespace when its resource has none. */
export interface Place {
  readonly namespace?: string | undefined
  readonly name: string
}

/** Names an object among those of its resource: `NAMESPACE/NAME`, or `NAME`. What queues and caches hold. */
export function placeKey({ namespace, name }: Place): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`
}

/** The place that {@link placeKey} named. */
export function placeOfKey(key: string): Place {
  const at = key.indexOf('/')
  return at === -1 ? { name: key } : { namespace: key.slice(0, at), name: key.slice(at + 1) }
}

/** Names a resource: `GROUP/VERSION/PLURAL`. */
export function resourceKey({ group, version, plural }: Pick<ApiResource, 'group' | 'version' | 'plural'>): string {
  return `${apiVersionOf(group, version)}/${plural}`
}

/** The path of a resource's objects, of one of them, or of a part of one. */
export function pathOf(
  { group, version, plural, isNamespaced }: ApiResource,
  {
    namespace,
    name,
    part,
  }: { readonly namespace?: string | undefined; readonly name?: string; readonly part?: string },
): string {
  const root = group === '' ? '/api' : `/apis/${group}`
  const inside = isNamespaced && namespace !== undefined ? ['namespaces', namespace] : []
  const segments = [
    version,
    ...inside,
    plural,
    ...(name === undefined ? [] : [name]),
    ...(part === undefined ? [] : [part]),
  ]
  return `${root}/${segments.map(encodeURIComponent).join('/')}`
}
