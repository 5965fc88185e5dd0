import { invalidFault } from '#api'
import type { Caller } from '#identity'
import { invalid, type KubeObject, type Resource, RESOURCES, textAt } from '#schema'

/**
 * Refuses definitions of kinds that are built in, in whatever version: objects are kept by group and plural, so that theirs
 * would come unchecked among those that the API itself relies on, and go with the definition. Faults: Invalid.
 */
export function refuseBuiltIn(_caller: Caller, { kind, group }: Resource, next: KubeObject): void {
  if (group !== 'apiextensions.k8s.io' || kind !== 'CustomResourceDefinition') return
  const named = { group: textAt(next, 'spec', 'group'), plural: textAt(next, 'spec', 'names', 'plural') }
  if (!RESOURCES.some(each => each.group === named.group && each.plural === named.plural)) return
  const { name } = next.metadata
  throw invalidFault({ group, kind, name }, [invalid('metadata.name', name, 'is built in and cannot be defined')])
}
