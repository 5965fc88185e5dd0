import { type Json, type JsonObject, listAt } from '#schema'

/**
 * The parts of wanted rules that no held rule covers: what somebody would give that he has not himself
 * (k8s.io/component-helpers/auth/rbac/validation Covers). Each part is one verb on one resource of one group, or on one path.
 */
export function notCovered(held: readonly Json[], wanted: readonly Json[]): readonly JsonObject[] {
  return wanted.flatMap(partsOf).filter(part => !held.some(rule => covers(rule, part)))
}

// `x` of upstream's breakdown: every combination alone, so that two held rules may cover one wanted together.
function partsOf(rule: Json): readonly JsonObject[] {
  const verbs = listAt(rule, 'verbs')
  const names = listAt(rule, 'resourceNames')
  const onPaths = listAt(rule, 'nonResourceURLs').flatMap(path =>
    verbs.map(verb => ({ verbs: [verb], nonResourceURLs: [path] })),
  )
  const onResources = listAt(rule, 'apiGroups').flatMap(group =>
    listAt(rule, 'resources').flatMap(resource =>
      verbs.flatMap(verb => {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] }
        return names.length === 0 ? [part] : names.map(name => ({ ...part, resourceNames: [name] }))
      }),
    ),
  )
  return [...onPaths, ...onResources]
}

function covers(held: Json, part: JsonObject): boolean {
  if (!hasAll(held, part, 'verbs')) return false
  const [path] = listAt(part, 'nonResourceURLs')
  if (typeof path === 'string') return listAt(held, 'nonResourceURLs').some(pattern => coversPath(pattern, path))
  const names = listAt(held, 'resourceNames')
  const [name] = listAt(part, 'resourceNames')
  return (
    hasAll(held, part, 'apiGroups') &&
    coversResource(held, part) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  )
}

function hasAll(held: Json, part: JsonObject, field: string): boolean {
  const have = listAt(held, field)
  return have.includes('*') || listAt(part, field).every(each => have.includes(each))
}

function coversResource(held: Json, part: JsonObject): boolean {
  const have = listAt(held, 'resources')
  if (have.includes('*')) return true
  return listAt(part, 'resources').every(each => {
    const [, sub] = typeof each === 'string' ? each.split('/') : []
    return have.includes(each) || (sub !== undefined && have.includes(`*/${sub}`))
  })
}

function coversPath(pattern: Json, path: string): boolean {
  if (typeof pattern !== 'string') return false
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}
