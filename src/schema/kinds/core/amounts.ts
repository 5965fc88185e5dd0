import { COUNTED_RESOURCES, isExtendedResource } from '../../facts/resource-names.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { qualifiedNameProblem } from '../../names.ts'
import { quantityOf } from '../../quantity.ts'

/** Which names a kind takes, and what is said of others. */
export interface KnownNames {
  readonly isKnown: (name: string) => boolean
  /** Said of a name without a domain that is not known. */
  readonly rule: string
}

/** What is wrong with amounts by the name of their resource, and with the names. */
export function namedAmountErrors(amounts: Json | undefined, field: string, known: KnownNames): readonly FieldError[] {
  if (!isJsonObject(amounts)) return []
  return Object.entries(amounts).flatMap(([name, value]) => [
    ...resourceNameErrors(name, `${field}[${name}]`, known),
    ...amountError(name, value, `${field}[${name}]`),
  ])
}

/** What is wrong with the name of a resource. */
export function resourceNameErrors(name: string, field: string, { isKnown, rule }: KnownNames): readonly FieldError[] {
  const problem = qualifiedNameProblem(name)
  if (problem !== undefined) return [invalid(field, name, problem)]
  return name.includes('/') || isKnown(name) ? [] : [invalid(field, name, rule)]
}

/** What is wrong with one amount: none is below zero, and what is counted is whole. */
export function amountError(name: string, value: Json | undefined, field: string): readonly FieldError[] {
  const nanos = quantityOf(value)?.nanos
  if (nanos === undefined) return []
  const isWhole = nanos % NANOS === 0n || !(COUNTED_RESOURCES.has(name) || isExtendedResource(name))
  return [
    ...(nanos < 0n ? [invalid(field, value, 'must be greater than or equal to 0')] : []),
    ...(isWhole ? [] : [invalid(field, value, 'must be an integer')]),
  ]
}

const NANOS = 1_000_000_000n
