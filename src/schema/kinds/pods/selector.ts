import { isJsonObject, jsonAt, listAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'

/** A workload's label selector as `kubectl` shows it, such as `app=web,tier in (a,b)`. */
export function selectorText(object: KubeObject): string {
  const labels = jsonAt(object, 'spec', 'selector', 'matchLabels')
  const exact = isJsonObject(labels) ? Object.keys(labels).map(key => `${key}=${textAt(labels, key) ?? ''}`) : []
  const rules = listAt(object, 'spec', 'selector', 'matchExpressions').map(rule => {
    const [key, operator] = [textAt(rule, 'key') ?? '', textAt(rule, 'operator') ?? '']
    const values = listAt(rule, 'values')
      .filter(each => typeof each === 'string')
      .join(',')
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values})`
  })
  return [...exact, ...rules].join(',') || '<none>'
}

/** True when a workload's selector finds pods with these labels (k8s.io/apimachinery meta/v1 LabelSelector). */
export function selectorMatches(object: KubeObject, labels: Readonly<Record<string, unknown>>): boolean {
  const exact = jsonAt(object, 'spec', 'selector', 'matchLabels')
  const isExact = !isJsonObject(exact) || Object.entries(exact).every(([key, value]) => labels[key] === value)
  return (
    isExact &&
    listAt(object, 'spec', 'selector', 'matchExpressions').every(rule => {
      const value = labels[textAt(rule, 'key') ?? '']
      const isIn = typeof value === 'string' && listAt(rule, 'values').includes(value)
      switch (textAt(rule, 'operator')) {
        case 'In':
          return isIn
        case 'NotIn':
          return !isIn
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
        default:
          return false
      }
    })
  )
}
