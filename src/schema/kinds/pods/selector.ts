import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, listAt, textAt } from '../../json.ts'
import { labelValueProblem, qualifiedNameProblem } from '../../names.ts'

/** A label selector as kubectl shows it, such as `app=web,tier in (a,b)`. */
export function selectorText(selector: Json | undefined): string {
  const labels = jsonAt(selector, 'matchLabels')
  const exact = isJsonObject(labels) ? Object.keys(labels).map(key => [key, `${key}=${textAt(labels, key) ?? ''}`]) : []
  const rules = listAt(selector, 'matchExpressions').map(rule => [textAt(rule, 'key') ?? '', ruleText(rule)])
  const sorted = [...exact, ...rules].sort(([a = ''], [b = '']) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted.map(([, text]) => text).join(',') || '<none>'
}

function ruleText(rule: Json): string {
  const [key, operator] = [textAt(rule, 'key') ?? '', textAt(rule, 'operator') ?? '']
  if (operator === 'Exists') return key
  if (operator === 'DoesNotExist') return `!${key}`
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${wordsIn(rule).sort().join(',')})`
}

/** True when a label selector finds what has these labels (k8s.io/apimachinery meta/v1 LabelSelector). */
export function selectorMatches(selector: Json | undefined, labels: Readonly<Record<string, unknown>>): boolean {
  const exact = jsonAt(selector, 'matchLabels')
  const isExact = !isJsonObject(exact) || Object.entries(exact).every(([key, value]) => labels[key] === value)
  return isExact && listAt(selector, 'matchExpressions').every(rule => ruleMatches(rule, labels))
}

function ruleMatches(rule: Json, labels: Readonly<Record<string, unknown>>): boolean {
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
}

/** True when a selector asks for nothing, and so finds everything. */
export function isEmptySelector(selector: Json | undefined): boolean {
  const labels = jsonAt(selector, 'matchLabels')
  return (
    (!isJsonObject(labels) || Object.keys(labels).length === 0) && listAt(selector, 'matchExpressions').length === 0
  )
}

/** What is wrong with a label selector. */
export function selectorErrors(selector: Json | undefined, field: string): readonly FieldError[] {
  const labels = jsonAt(selector, 'matchLabels')
  return [
    ...labelErrors(labels, `${field}.matchLabels`),
    ...listAt(selector, 'matchExpressions').flatMap((rule, index) =>
      ruleErrors(rule, `${field}.matchExpressions[${index}]`),
    ),
  ]
}

/** What is wrong with labels. */
export function labelErrors(labels: Json | undefined, field: string): readonly FieldError[] {
  if (!isJsonObject(labels)) return []
  return Object.entries(labels).flatMap(([key, value]) => {
    const keyProblem = qualifiedNameProblem(key)
    const valueProblem = typeof value === 'string' ? labelValueProblem(value) : undefined
    return [
      ...(keyProblem === undefined ? [] : [invalid(field, key, keyProblem)]),
      ...(valueProblem === undefined ? [] : [invalid(field, value, valueProblem)]),
    ]
  })
}

function ruleErrors(rule: Json, field: string): FieldError[] {
  const operator = textAt(rule, 'operator') ?? ''
  const key = textAt(rule, 'key') ?? ''
  const problem = qualifiedNameProblem(key)
  const errors = problem === undefined ? [] : [invalid(`${field}.key`, key, problem)]
  const hasValues = listAt(rule, 'values').length > 0
  if (['In', 'NotIn'].includes(operator)) {
    if (hasValues) return errors
    return [...errors, required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
  }
  if (!['Exists', 'DoesNotExist'].includes(operator)) {
    return [...errors, invalid(`${field}.operator`, operator, 'not a valid selector operator')]
  }
  if (!hasValues) return errors
  return [...errors, forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
}

function wordsIn(rule: Json): string[] {
  return listAt(rule, 'values').flatMap(value => (typeof value === 'string' ? [value] : []))
}
