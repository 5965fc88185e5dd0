import { CONTAINER_RESOURCES, isHugePages, mayBeOvercommitted, STANDARD_RESOURCES } from '../../facts/resource-names.ts'
import { duplicate, type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { fill } from '../../fill.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, listAt, textAt, wordOf } from '../../json.ts'
import { qualifiedNameProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { compareQuantities, quantityOf } from '../../quantity.ts'
import { namedAmountErrors } from './amounts.ts'

/** A limit with what people may leave out: containers get what they may have at most, or else at least. */
export function limitDefaults(limit: JsonObject): JsonObject {
  if (textAt(limit, 'type') !== 'Container') return limit
  const most = fill(partOf(limit, 'default'), partOf(limit, 'max'))
  const least = fill(fill(partOf(limit, 'defaultRequest'), most), partOf(limit, 'min'))
  return {
    ...limit,
    ...(Object.keys(most).length === 0 ? {} : { default: most }),
    ...(Object.keys(least).length === 0 ? {} : { defaultRequest: least }),
  }
}

/** What is wrong with a LimitRange (k8s.io/kubernetes/pkg/apis/core/validation ValidateLimitRange). */
export function limitErrors(object: KubeObject): readonly FieldError[] {
  const seen = new Set<string>()
  return listAt(object, 'spec', 'limits').flatMap((limit, index) => {
    const field = `spec.limits[${index}]`
    const type = textAt(limit, 'type') ?? ''
    const isTwice = seen.has(type)
    seen.add(type)
    return [
      ...typeErrors(type, `${field}.type`),
      ...(isTwice ? [duplicate(`${field}.type`, type)] : []),
      ...AMOUNTS.flatMap(name => namedAmountErrors(jsonAt(limit, name), `${field}.${name}`, namesOf(type))),
      ...forTypeErrors(limit, type, field),
      ...resourcesOf(limit).flatMap(name => orderErrors(limit, name, field)),
    ]
  })
}

const AMOUNTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
const TYPES = ['Container', 'PersistentVolumeClaim', 'Pod']

function namesOf(type: string) {
  if (type === 'PersistentVolumeClaim' || !TYPES.includes(type)) {
    const rule = 'must be a standard resource type or fully qualified'
    return { isKnown: (name: string) => STANDARD_RESOURCES.has(name) || isHugePages(name), rule }
  }
  const rule = 'must be a standard resource for containers'
  return { isKnown: (name: string) => CONTAINER_RESOURCES.has(name) || isHugePages(name), rule }
}

function typeErrors(type: string, field: string): readonly FieldError[] {
  const problem = qualifiedNameProblem(type)
  if (problem !== undefined) return [invalid(field, type, problem)]
  if (type.includes('/') || TYPES.includes(type)) return []
  return [invalid(field, type, 'must be a standard limit type or fully qualified')]
}

function forTypeErrors(limit: Json, type: string, field: string): readonly FieldError[] {
  if (type === 'Pod') {
    return ['default', 'defaultRequest']
      .filter(name => Object.keys(partOf(limit, name)).length > 0)
      .map(name => forbidden(`${field}.${name}`, "may not be specified when `type` is 'Pod'"))
  }
  const isBounded = ['min', 'max'].some(name => jsonAt(limit, name, 'storage') !== undefined)
  if (type !== 'PersistentVolumeClaim' || isBounded) return []
  return [required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided')]
}

// The first is told when it is more than the second.
const ORDERS: readonly (readonly [string, string, string, string, string])[] = [
  ['min', 'max', 'min', 'min value', 'max value'],
  ['min', 'defaultRequest', 'defaultRequest', 'min value', 'default request value'],
  ['defaultRequest', 'max', 'defaultRequest', 'default request value', 'max value'],
  ['defaultRequest', 'default', 'defaultRequest', 'default request value', 'default limit value'],
  ['min', 'default', 'default', 'min value', 'default value'],
  ['default', 'max', 'default', 'default value', 'max value'],
]

function orderErrors(limit: Json, name: string, field: string): readonly FieldError[] {
  const amount = (part: string) => jsonAt(limit, part, name)
  const errors = ORDERS.flatMap(([less, more, at, lessWord, moreWord]) => {
    if (!isMore(amount(less), amount(more))) return []
    const said = `${lessWord} ${wordOf(amount(less))} is greater than ${moreWord} ${wordOf(amount(more))}`
    return [invalid(`${field}.${at}[${name}]`, amount(at), said)]
  })
  const ratio = amount('maxLimitRequestRatio')
  if (isMore('1', ratio)) {
    errors.push(invalid(`${field}.maxLimitRequestRatio[${name}]`, ratio, `ratio ${wordOf(ratio)} is less than 1`))
  }
  const [given, wanted] = [amount('default'), amount('defaultRequest')]
  if (!mayBeOvercommitted(name) && given !== undefined && wanted !== undefined && wordOf(given) !== wordOf(wanted)) {
    const said = `default value ${wordOf(given)} must equal to defaultRequest value ${wordOf(wanted)} in ${name}`
    errors.push(invalid(`${field}.defaultRequest[${name}]`, wanted, said))
  }
  return errors
}

function isMore(a: Json | undefined, b: Json | undefined): boolean {
  const [first, second] = [quantityOf(a), quantityOf(b)]
  return first !== undefined && second !== undefined && compareQuantities(first, second) > 0
}

function resourcesOf(limit: Json): readonly string[] {
  return [...new Set(AMOUNTS.flatMap(name => Object.keys(partOf(limit, name))))].sort()
}

function partOf(limit: Json, name: string): JsonObject {
  const part = jsonAt(limit, name)
  return isJsonObject(part) ? part : {}
}
