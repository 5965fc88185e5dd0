import { below } from '../../decode.ts'
import type { FieldError, FieldReason } from '../../field-error.ts'
import { isJsonObject, isSameJson, type Json } from '../../json.ts'
import type { SchemaNode } from '../node.ts'
import { type Checked, oldItem, typeOf } from '../validate.ts'
import { aligned } from './aligned.ts'
import { type CompiledRule, type CompiledRules, type Evaluate, firstLine } from './rules.ts'
import { optionalOf } from './values.ts'

/**
 * What rules find wrong with a value whose schema finds nothing. Rules about changes hold where the old value is known; one
 * about a value that has not changed is not told (KEP-4008).
 */
export function ruleErrors(rules: CompiledRules, schema: SchemaNode, checked: Checked): readonly FieldError[] {
  const errors: FieldError[] = []
  rules.meter.reset()
  const { old, value } = checked
  check({ ...rules, errors }, schema, { ...checked, old: old === undefined ? undefined : aligned(schema, old, value) })
  return errors
}

interface Checking extends CompiledRules {
  readonly errors: FieldError[]
}

function check(checking: Checking, schema: SchemaNode, checked: Checked): void {
  if (!schema.has.rules || checked.value === null) return
  for (const rule of checking.rules.get(schema) ?? []) checkRule(checking, schema, rule, checked)
  const { value, old, path } = checked
  const { items, properties, additional } = schema
  if (Array.isArray(value) && items !== undefined) {
    for (const [index, item] of value.entries()) {
      check(checking, items, { value: item, path: `${path}[${index}]`, old: oldItem(schema, item, old) })
    }
  }
  if (!isJsonObject(value)) return
  for (const [name, each] of Object.entries(value)) {
    const own = properties.get(name)
    const inner = own ?? additional
    if (typeof inner !== 'object' || each === undefined) continue
    const at = own === undefined ? `${path}[${name}]` : below(path, name)
    check(checking, inner, { value: each, path: at, old: isJsonObject(old) ? old[name] : undefined })
  }
}

function checkRule(checking: Checking, schema: SchemaNode, rule: CompiledRule, { value, old, path }: Checked): void {
  const { types, errors } = checking
  if (rule.usesOld && old === undefined && !rule.isOldOptional) return
  const isUnchanged = !rule.usesOld && old !== undefined && isSameJson(value, old)
  if (isUnchanged) return
  const before = old === undefined ? undefined : types.valueOf(schema, old)
  const variables = {
    self: types.valueOf(schema, value),
    oldSelf: rule.isOldOptional ? optionalOf(before) : before,
  }
  const why = problemOf(rule, variables)
  if (why === undefined) return
  const field = rule.fieldPath.reduce(below, path)
  errors.push({
    field: field === '' ? '<nil>' : field,
    reason: reasonOf(rule.reason),
    message: messageOf(rule.reason, typeOf(value), why),
  })
}

function problemOf(rule: CompiledRule, variables: Parameters<Evaluate>[0]): string | undefined {
  try {
    if (rule.holds(variables) === true) return undefined
  } catch (error) {
    return `${firstLine(error)} evaluating rule: ${rule.message ?? rule.text}`
  }
  return said(rule, variables) ?? rule.message ?? `failed rule: ${rule.text}`
}

// A message that cannot be made, or has no words, is not used.
function said({ messageOf: make }: CompiledRule, variables: Parameters<Evaluate>[0]): string | undefined {
  try {
    const message = make?.(variables)
    const isGood = typeof message === 'string' && message.trim() !== '' && !message.includes('\n')
    return isGood ? message.trim() : undefined
  } catch {
    return undefined
  }
}

function reasonOf(reason: string): FieldReason {
  switch (reason) {
    case 'FieldValueRequired':
    case 'FieldValueForbidden':
    case 'FieldValueDuplicate':
      return reason
    default:
      return 'FieldValueInvalid'
  }
}

function messageOf(reason: string, type: Json, why: string): string {
  if (reason === 'FieldValueRequired') return `Required value: ${why}`
  if (reason === 'FieldValueForbidden') return `Forbidden: ${why}`
  const head = reason === 'FieldValueDuplicate' ? 'Duplicate value' : 'Invalid value'
  return `${head}: ${JSON.stringify(type)}: ${why}`
}
