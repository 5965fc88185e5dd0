import { worked } from '../patterns/work.ts'
import { RuleObject } from './rule-object.ts'

/** A text that two values of rules share when they are the same. */
export function keyOf(value: unknown): string {
  const key = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return { int: String(each) }
    if (each instanceof RuleObject) return plain(each.raw)
    if (each instanceof Map) return Array.from(each).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1))
    return each
  })
  worked(key.length)
  return key
}

// Fields in order, whatever order they were written in.
function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? { int: String(value) } : value
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([name, each]) => [name, plain(each)] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}
