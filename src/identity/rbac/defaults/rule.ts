import type { JsonObject } from '#schema'

export const READ = ['get', 'list', 'watch'] as const
export const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const
export const ALL = [...READ, ...WRITE] as const

/** A rule about resources of one group. */
export function rule(verbs: readonly string[], group: string, ...resources: readonly string[]): JsonObject {
  return { apiGroups: [group], resources, verbs }
}

/** A rule about paths. */
export function paths(verbs: readonly string[], ...nonResourceURLs: readonly string[]): JsonObject {
  return { nonResourceURLs, verbs }
}
