import { apiVersionOf, type JsonObject, type Resource } from '#schema'
import type { Registry } from '../registry.ts'
import { subresourcesOf } from './subresources.ts'

/** `/api`: the versions of the core group. */
export function coreVersions(): JsonObject {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
}

/** `/apis`: all other groups. */
export function groupList(registry: Registry): JsonObject {
  const groups = new Set(registry.groupVersions.flatMap(({ group }) => (group === '' ? [] : [group])))
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: Array.from(groups, group => groupOf(registry, group)) }
}

/** `/apis/GROUP`. */
export function groupOf(registry: Registry, group: string): JsonObject {
  const versions = registry.groupVersions
    .filter(each => each.group === group)
    .map(({ version }) => ({ groupVersion: apiVersionOf(group, version), version }))
  return { kind: 'APIGroup', apiVersion: 'v1', name: group, versions, preferredVersion: versions[0] }
}

/** `/api/v1` and `/apis/GROUP/VERSION`: the resources of a version; undefined when there is none. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const resources = registry.all.filter(each => each.group === group && each.version === version)
  if (resources.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: resources.flatMap(rowsOf),
  }
}

/** `/api` or `/apis` as one document, for clients that ask for apidiscovery.k8s.io/v2 APIGroupDiscoveryList. */
export function aggregated(registry: Registry, root: 'api' | 'apis'): JsonObject {
  const versions = registry.groupVersions.filter(({ group }) => (group === '') === (root === 'api'))
  const groups = new Set(versions.map(({ group }) => group))
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: Array.from(groups, group => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions
        .filter(each => each.group === group)
        .map(({ version }) => ({ version, freshness: 'Current', resources: discovered(registry, group, version) })),
    })),
  }
}

function rowsOf(resource: Resource): JsonObject[] {
  const { plural, singular, isNamespaced, kind, verbs, shortNames, categories } = resource
  const common = { namespaced: isNamespaced, kind }
  return [
    {
      name: plural,
      singularName: singular,
      ...common,
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    },
    ...subresourcesOf(resource).map(({ name, kind: subKind, group, version, verbs: can }) => ({
      name: `${plural}/${name}`,
      singularName: '',
      namespaced: isNamespaced,
      ...(group === resource.group && version === resource.version ? {} : { group, version }),
      kind: subKind,
      verbs: can,
    })),
  ]
}

function discovered(registry: Registry, group: string, version: string): JsonObject[] {
  return registry.all
    .filter(each => each.group === group && each.version === version)
    .map(resource => ({
      resource: resource.plural,
      responseKind: { group, version, kind: resource.kind },
      scope: resource.isNamespaced ? 'Namespaced' : 'Cluster',
      singularResource: resource.singular,
      verbs: resource.verbs,
      ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
      ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
      subresources: subresourcesOf(resource).map(sub => ({
        subresource: sub.name,
        responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
        verbs: sub.verbs,
      })),
    }))
}
