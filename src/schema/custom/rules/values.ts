import { Environment } from '@marcbachmann/cel-js'
import { assert } from '#base'

/** A value as CEL's optional; none for undefined. */
export function optionalOf(value: unknown): unknown {
  return value === undefined ? NONE : optionalClass().of(value)
}

// The library does not export its class, and its own `optional.of` takes only types that it knows.
function optionalClass(): { of(value: unknown): unknown } {
  const found: unknown = NONE.constructor
  assert(typeof found === 'function' && 'of' in found && typeof found.of === 'function', 'optionals have a class')
  const { of } = found
  return { of: value => Reflect.apply(of, found, [value]) }
}

/** What an optional holds; undefined when that is nothing. */
export function valueOfOptional(optional: unknown): unknown {
  assert(isOptional(optional), 'the type of what is mapped has been checked')
  return optional.hasValue() ? optional.value() : undefined
}

function isOptional(value: unknown): value is { hasValue(): boolean; value(): unknown } {
  return typeof value === 'object' && value !== null && NONE.constructor === value.constructor
}

/** What can be gone through with two variables: a list as indexes and items, a map as keys and values. */
export function entriesOf(value: unknown): readonly (readonly [key: unknown, value: unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [BigInt(index), item] as const)
  if (value instanceof Map) return Array.from(value)
  if (typeof value === 'object' && value !== null) return Object.entries(value)
  throw new Error('only lists and maps can be gone through')
}

/** Functions of optionals that the library does not have (github.com/google/cel-go/cel OptionalTypes). */
export const OPTIONALS = {
  'OptionalNamespace.ofNonZeroValue(A): optional<A>': (_: unknown, value: unknown) =>
    optionalOf(isZero(value) ? undefined : value),
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Map) return value.size === 0
  return value === null || value === '' || value === false || value === 0 || value === 0n
}

/** A text of the format `duration`, such as `1h30m` or `3 days`, as CEL's duration. */
export function durationOf(text: string): unknown {
  let nanos = 0
  for (const [, amount = '', unit = ''] of text.matchAll(/([0-9]+(?:\.[0-9]*)?) ?([a-zµμ]+)/g)) {
    nanos += Number(amount) * (UNITS[unit.slice(0, 2)] ?? 0)
  }
  return duration({ text: `${text.startsWith('-') ? '-' : ''}${(nanos / NANOS_PER_MS).toFixed(6)}ms` })
}

const environment = new Environment({ enableOptionalTypes: true, unlistedVariablesAreDyn: true })
const NONE: object = noneOf(environment.evaluate('optional.none()'))
function noneOf(value: unknown): object {
  assert(typeof value === 'object' && value !== null, 'optionals are objects')
  return value
}

const duration = environment.parse('duration(text)')

const NANOS_PER_MS = 1e6
const HOUR = 3.6e12
// By the first two letters, which tell all units that schemas take from each other.
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  na: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  se: 1e9,
  m: 6e10,
  mi: 6e10,
  h: HOUR,
  ho: HOUR,
  d: 24 * HOUR,
  da: 24 * HOUR,
  w: 168 * HOUR,
  we: 168 * HOUR,
}
