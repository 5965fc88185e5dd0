import type { Resource, ResourceVerb } from '#schema'

/** What lies below an object: its name in paths, what is sent and answered there, and what can be done. */
export interface ServedSubresource {
  readonly name: string
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly verbs: readonly ResourceVerb[]
}

/** The subresources of a resource. */
export function subresourcesOf(resource: Resource): readonly ServedSubresource[] {
  const { hasStatus, scale, group, version, kind, subresources } = resource
  return [
    ...subresources.map(each => ({ group, version, ...each })),
    ...(scale === undefined
      ? []
      : [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: PART }]),
    ...(hasStatus ? [{ name: 'status', group, version, kind, verbs: PART }] : []),
  ]
}

const PART: readonly ResourceVerb[] = ['get', 'patch', 'update']
