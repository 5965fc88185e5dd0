import { below } from '../decode.ts'
import { duplicate, type FieldError, invalid, notSupported, required } from '../field-error.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject } from '../json.ts'
import { CUSTOM_ERRORS_MAX, PATTERN_WORK_MAX } from '../limits.ts'
import { isOfFormat } from './formats.ts'
import type { SchemaNode, ValueLimits } from './node.ts'
import { workDone } from './patterns/work.ts'

/** A value with its place, and what it replaces where that is known. */
export interface Checked {
  readonly path: string
  readonly value: Json
  readonly old: Json | undefined
  /** What {@link workDone} may come to while patterns are matched; as much as one object may take when undefined. */
  readonly workUntil?: number
}

/**
 * What is wrong with a value, in the words of upstream (k8s.io/kube-openapi/pkg/validation). What has not changed is not
 * looked at again: a stricter schema leaves old values alone until somebody changes them (KEP-4008).
 */
export function schemaErrors(schema: SchemaNode, checked: Checked): readonly FieldError[] {
  const errors: FieldError[] = []
  check(errors, schema, { workUntil: workDone() + PATTERN_WORK_MAX, ...checked })
  return errors.slice(0, CUSTOM_ERRORS_MAX)
}

/** What an item of a list or a field of an object replaces; undefined when that cannot be told. */
export function oldItem({ list }: SchemaNode, item: Json, old: Json | undefined): Json | undefined {
  if (list.type !== 'map' || !Array.isArray(old) || !isJsonObject(item)) return undefined
  return old.find((each: Json) => isJsonObject(each) && list.keys.every(key => isSameJson(each[key], item[key])))
}

function check(errors: FieldError[], schema: SchemaNode, checked: Checked): void {
  const { value, old, path } = checked
  if (errors.length >= CUSTOM_ERRORS_MAX || (old !== undefined && isSameJson(value, old))) return
  if (value === null && schema.isNullable) return
  const problem = typeError(schema, value, path)
  if (problem !== undefined) {
    errors.push(problem)
    return
  }
  checkLimits(errors, schema.limits, checked)
  if (Array.isArray(value)) checkItems(errors, schema, checked, value)
  else if (isJsonObject(value)) checkFields(errors, schema, checked, value)
}

function typeError(schema: SchemaNode, value: Json, path: string): FieldError | undefined {
  const wanted = schema.isIntOrString ? ['integer', 'string'] : schema.type === undefined ? [] : [schema.type]
  const found = typeOf(value)
  const isGood = wanted.length === 0 || wanted.includes(found) || (found === 'integer' && wanted.includes('number'))
  return isGood ? undefined : typeInvalid(path, found, `must be of type ${wanted.join(',')}: "${found}"`)
}

function within(workUntil: number | undefined): Pick<Checked, 'workUntil'> {
  return workUntil === undefined ? {} : { workUntil }
}

/** The type of a value as schemas call it; null is `null`. */
export function typeOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function checkItems(errors: FieldError[], schema: SchemaNode, checked: Checked, list: readonly Json[]): void {
  const { items } = schema
  const { path, old, workUntil } = checked
  if (items !== undefined) {
    for (const [index, value] of list.entries()) {
      check(errors, items, { ...within(workUntil), path: `${path}[${index}]`, value, old: oldItem(schema, value, old) })
    }
  }
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const key = identityOf(schema, item)
    if (key === undefined) return
    const text = stableText(key)
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, key))
    seen.add(text)
  }
}

/** What items of a set or a map are told from each other by; undefined for those of other lists. */
export function identityOf({ list }: SchemaNode, item: Json): Json | undefined {
  if (list.type === 'set') return item
  if (list.type === 'atomic' || !isJsonObject(item)) return undefined
  return Object.fromEntries(list.keys.map(key => [key, item[key] ?? list.defaults?.[key] ?? null]))
}

/** A text that two values share when they are the same. */
export function stableText(value: Json): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    isJsonObject(each) ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
}

function checkFields(errors: FieldError[], schema: SchemaNode, checked: Checked, object: JsonObject): void {
  const { path, workUntil } = checked
  const old = isJsonObject(checked.old) ? checked.old : undefined
  for (const [name, value] of Object.entries(object)) {
    const inner = schema.properties.get(name) ?? schema.additional
    if (typeof inner !== 'object' || value === undefined) continue
    check(errors, inner, { ...within(workUntil), path: below(path, name), value, old: old?.[name] })
  }
  if (schema.isEmbedded) checkEmbedded(errors, object, path)
}

function checkEmbedded(errors: FieldError[], object: JsonObject, path: string): void {
  for (const name of ['apiVersion', 'kind']) {
    const given = object[name]
    if (typeof given !== 'string' || given === '') errors.push(required(below(path, name), 'must not be empty'))
  }
}

function checkLimits(errors: FieldError[], limits: ValueLimits, checked: Checked): void {
  const { value, path } = checked
  if (limits.enum?.some(each => isSameJson(each, value)) === false) {
    errors.push(
      notSupported(
        path,
        value,
        limits.enum.map(each => (typeof each === 'string' ? each : JSON.stringify(each))),
      ),
    )
  }
  if (typeof value === 'number') checkNumber(errors, limits, value, path)
  else if (typeof value === 'string') checkText(errors, limits, value, checked)
  else if (Array.isArray(value))
    checkCount(errors, [limits.minItems, limits.maxItems], path, { count: value.length, what: 'items' })
  else if (isJsonObject(value)) checkObject(errors, limits, value, path)
  checkJunctors(errors, limits, checked)
}

function checkNumber(errors: FieldError[], limits: ValueLimits, value: number, path: string): void {
  const { minimum, maximum, multipleOf, isMaximumExclusive, isMinimumExclusive } = limits
  const isOver = maximum !== undefined && (isMaximumExclusive ? value >= maximum : value > maximum)
  const isUnder = minimum !== undefined && (isMinimumExclusive ? value <= minimum : value < minimum)
  const said = (rule: string) => errors.push(invalid(path, value, `${path} in body should be ${rule}`))
  if (isOver) said(`less than ${isMaximumExclusive ? '' : 'or equal to '}${maximum}`)
  if (isUnder) said(`greater than ${isMinimumExclusive ? '' : 'or equal to '}${minimum}`)
  if (multipleOf === undefined || multipleOf <= 0) return
  const times = value / multipleOf
  if (Math.abs(times - Math.round(times)) > Number.EPSILON * Math.max(1, Math.abs(times)))
    said(`a multiple of ${multipleOf}`)
}

function checkText(errors: FieldError[], limits: ValueLimits, value: string, { path, workUntil }: Checked): void {
  const { minLength, maxLength, pattern, format } = limits
  if (minLength !== undefined || maxLength !== undefined) {
    const chars = charsIn(value)
    if (maxLength !== undefined && chars > maxLength) {
      errors.push({
        field: path,
        reason: 'FieldValueTooLong',
        message: `Too long: may not be more than ${maxLength} bytes`,
      })
    }
    if (minLength !== undefined && chars < minLength) {
      errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`))
    }
  }
  if (pattern !== undefined) {
    const isMatch = pattern.matches(value, workUntil === undefined ? undefined : workUntil - workDone())
    const said = isMatch === undefined ? 'takes too long to match against' : 'should match'
    if (isMatch !== true) errors.push(invalid(path, value, `${path} in body ${said} '${pattern.text}'`))
  }
  if (format !== undefined && !isOfFormat(format, value)) {
    errors.push(typeInvalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
  }
}

function checkObject(errors: FieldError[], limits: ValueLimits, object: JsonObject, path: string): void {
  for (const name of limits.required) {
    if (!Object.hasOwn(object, name) || object[name] === undefined) errors.push(required(below(path, name)))
  }
  const count = Object.keys(object).length
  checkCount(errors, [limits.minProperties, limits.maxProperties], path, { count, what: 'properties' })
}

function checkCount(
  errors: FieldError[],
  [min, max]: readonly [number | undefined, number | undefined],
  path: string,
  { count, what }: { readonly count: number; readonly what: 'items' | 'properties' },
): void {
  if (max !== undefined && count > max) {
    errors.push({
      field: path,
      reason: 'FieldValueTooMany',
      message: `Too many: ${count}: must have at most ${max} items`,
    })
  }
  if (min !== undefined && count < min) {
    errors.push(invalid(path, count, `${path} in body should have at least ${min} ${what}`))
  }
}

function checkJunctors(errors: FieldError[], limits: ValueLimits, checked: Checked): void {
  const { allOf, anyOf, oneOf, not } = limits
  const { path } = checked
  const failures = (schemas: readonly SchemaNode[]) =>
    schemas.map(schema => schemaErrors(schema, { ...checked, old: undefined }))
  const said = (rule: string) => errors.push(invalid(path, '', `"${path}" must ${rule}`))
  const broken = failures(allOf).filter(each => each.length > 0)
  if (broken.length > 0) said('validate all the schemas (allOf)')
  errors.push(...broken.flat())
  const any = failures(anyOf)
  if (any.length > 0 && any.every(each => each.length > 0)) {
    said('validate at least one schema (anyOf)')
    errors.push(...fewest(any))
  }
  const one = failures(oneOf)
  const valid = one.filter(each => each.length === 0).length
  if (one.length > 0 && valid !== 1) {
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`
    said(`validate one and only one schema (oneOf). ${found}`)
    if (valid === 0) errors.push(...fewest(one))
  }
  if (not !== undefined) {
    const isValid = schemaErrors(not, { ...checked, old: undefined }).length === 0
    const isSpent = checked.workUntil !== undefined && workDone() > checked.workUntil
    // What could not be matched is no reason to take it.
    if (isSpent) errors.push(invalid(path, '', `"${path}" takes too long to match`))
    else if (isValid) said('not validate the schema (not)')
  }
}

function fewest(failures: readonly (readonly FieldError[])[]): readonly FieldError[] {
  return failures.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function typeInvalid(path: string, shown: string, rule: string): FieldError {
  const message = `Invalid value: ${JSON.stringify(shown)}: ${path} in body ${rule}`
  return { field: path, reason: 'FieldValueTypeInvalid', message }
}

function charsIn(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
