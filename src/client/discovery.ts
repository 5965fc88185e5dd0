import { type Json, listAt, textAt } from '#schema'
import type { ApiResource } from './api-resource.ts'
import type { Client } from './client.ts'

/** A resource that an API serves, and what can be done with it. */
export interface ServedResource extends ApiResource {
  readonly verbs: ReadonlySet<string>
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
  for (const version of listAt(group, 'versions')) {
    for (const row of listAt(version, 'resources')) {
      const resource = resourceOf(name, textAt(version, 'version') ?? '', row)
      if (!found.has(resource.plural)) found.set(resource.plural, resource)
    }
  }
  return [...found.values()]
}

function resourceOf(group: string, version: string, row: Json): ServedResource {
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
