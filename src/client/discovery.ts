import { type Json, listAt, textAt } from '#schema'
import type { ApiResource } from './api-resource.ts'
import type { Client } from './client.ts'

/** A resource that an API serves, and what can be done with it. */
export interface ServedResource extends ApiResource {
  readonly verbs: ReadonlySet<string>
  /** All versions it is served in. */
  readonly versions: ReadonlySet<string>
}

/** All resources that are served, each in the version its group prefers (apidiscovery.k8s.io/v2 APIGroupDiscoveryList). */
export async function servedResources(client: Client, signal: AbortSignal): Promise<readonly ServedResource[]> {
  const roots = ['/api', '/apis'].map(path => client.request({ method: 'GET', path, accept: ACCEPT }, signal))
  return (await Promise.all(roots)).flatMap(root => listAt(root, 'items').flatMap(groupResources))
}

// The first version that has a resource is the one its group prefers.
function groupResources(group: Json): ServedResource[] {
  const name = textAt(group, 'metadata', 'name') ?? ''
  const found = new Map<string, ServedResource>()
  const versions = new Map<string, Set<string>>()
  for (const each of listAt(group, 'versions')) {
    const version = textAt(each, 'version') ?? ''
    for (const row of listAt(each, 'resources')) {
      const plural = textAt(row, 'resource') ?? ''
      const served = versions.get(plural) ?? new Set()
      versions.set(plural, served.add(version))
      if (!found.has(plural)) found.set(plural, { ...resourceOf(name, version, row), versions: served })
    }
  }
  return [...found.values()]
}

function resourceOf(group: string, version: string, row: Json): Omit<ServedResource, 'versions'> {
  return {
    group,
    version,
    plural: textAt(row, 'resource') ?? '',
    kind: textAt(row, 'responseKind', 'kind') ?? '',
    isNamespaced: textAt(row, 'scope') === 'Namespaced',
    verbs: new Set(listAt(row, 'verbs').filter(verb => typeof verb === 'string')),
  }
}

const ACCEPT = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
