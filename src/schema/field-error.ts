/**
 * What is wrong with one field, in the words of Kubernetes' Status causes
 * (k8s.io/apimachinery/pkg/util/validation/field).
 */
export interface FieldError {
  /** Such as `spec.containers[0].name`. */
  readonly field: string
  readonly reason: FieldReason
  /** Such as `Invalid value: "A": must be lower case`: what people read behind the field. */
  readonly message: string
}

/** The reasons a Status cause knows. */
export type FieldReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'

/** A field that must be there and is not. */
export function required(field: string, detail = ''): FieldError {
  const message = detail === '' ? 'Required value' : `Required value: ${detail}`
  return { field, reason: 'FieldValueRequired', message }
}

/** A value that breaks a rule, which `detail` says. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${show(value)}: ${detail}` }
}

/** A value that is none of those allowed. */
export function notSupported(field: string, value: unknown, allowed: readonly string[]): FieldError {
  const message = `Unsupported value: ${show(value)}: supported values: ${allowed.map(word => `"${word}"`).join(', ')}`
  return { field, reason: 'FieldValueNotSupported', message }
}

/** A field that may not be set or changed here. */
export function forbidden(field: string, detail: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: `Forbidden: ${detail}` }
}

/** A value that is there twice where it may be once. */
export function duplicate(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${show(value)}` }
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text
}

const SHOWN_MAX = 200
