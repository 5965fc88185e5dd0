import { isJsonObject, type Json, listAt, textAt } from '#schema'

/**
 * True when a selector in an object finds these labels (k8s.io/apimachinery meta/v1 LabelSelector). An empty one finds
 * all, none at all finds nothing.
 */
export function labelMatches(selector: Json | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (!isJsonObject(selector)) return false
  const exact = selector['matchLabels']
  const isExact = !isJsonObject(exact) || Object.keys(exact).every(key => labels[key] === exact[key])
  return isExact && listAt(selector, 'matchExpressions').every(rule => ruleMatches(rule, labels))
}

function ruleMatches(rule: Json, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[textAt(rule, 'key') ?? '']
  switch (textAt(rule, 'operator')) {
    case 'In':
      return value !== undefined && listAt(rule, 'values').includes(value)
    case 'NotIn':
      return value === undefined || !listAt(rule, 'values').includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
