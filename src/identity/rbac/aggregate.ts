import { isSameJson, type Json, jsonAt, type KubeObject, listAt, isJsonObject } from '#schema'

/**
 * What an aggregated cluster role allows: the rules of all roles that one of its selectors finds (rbac/v1
 * AggregationRule), each once. Undefined for a role that is not aggregated.
 */
export function aggregatedRules(role: KubeObject, all: Iterable<KubeObject>): readonly Json[] | undefined {
  const selectors = listAt(role, 'aggregationRule', 'clusterRoleSelectors')
  if (selectors.length === 0) return undefined
  const found = Array.from(all).filter(
    other => other.metadata.name !== role.metadata.name && selectors.some(each => selects(each, other)),
  )
  const rules: Json[] = []
  for (const other of found.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    for (const rule of listAt(other, 'rules')) if (!rules.some(known => isSameJson(known, rule))) rules.push(rule)
  }
  return rules
}

function selects(selector: Json, { metadata: { labels = {} } }: KubeObject): boolean {
  const wanted = jsonAt(selector, 'matchLabels')
  const isMatched = !isJsonObject(wanted) || Object.entries(wanted).every(([key, value]) => labels[key] === value)
  return isMatched && listAt(selector, 'matchExpressions').every(each => isExpressionMet(each, labels))
}

function isExpressionMet(expression: Json, labels: Readonly<Record<string, string>>): boolean {
  const key = jsonAt(expression, 'key')
  const value = typeof key === 'string' ? labels[key] : undefined
  const isAmong = value !== undefined && listAt(expression, 'values').includes(value)
  switch (jsonAt(expression, 'operator')) {
    case 'In':
      return isAmong
    case 'NotIn':
      return !isAmong
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
