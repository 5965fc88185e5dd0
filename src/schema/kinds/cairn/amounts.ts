import { column } from '../../columns.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { type Json, jsonAt } from '../../json.ts'
import { quantityOf } from '../../quantity.ts'
import type { Column } from '../../resource.ts'

/** A column with an amount of bytes as people read it, such as `3.1Gi`; `missing` where there is none. */
export function bytesColumn(name: string, path: string, missing = ''): Column {
  const names = path.split('.')
  return column(name, object => bytesText(jsonAt(object, ...names)) ?? missing)
}

/** An amount of bytes with three digits, such as `3.1Gi`; undefined when it is none. */
export function bytesText(amount: Json | undefined): string | undefined {
  const quantity = amount === undefined ? undefined : quantityOf(amount)
  if (quantity === undefined) return undefined
  let rest = Number(quantity.nanos) / 1e9
  let power = 0
  for (; rest >= 1023.5 && power < UNITS.length - 1; power += 1) rest /= 1024
  const digits = power === 0 || rest >= 99.95 || Number.isInteger(rest) ? 0 : 1
  return `${rest.toFixed(digits)}${UNITS[power] ?? ''}`
}

/** An amount must be above zero. */
export function positiveAmount(object: Json | undefined, name: string, field: string): readonly FieldError[] {
  const amount = jsonAt(object, name)
  const quantity = amount === undefined ? undefined : quantityOf(amount)
  if (amount === undefined || quantity === undefined || quantity.nanos > 0n) return []
  return [invalid(`${field}.${name}`, amount, 'must be greater than 0')]
}

const UNITS = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']
