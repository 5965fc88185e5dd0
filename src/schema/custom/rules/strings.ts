import { compilePattern } from '../patterns/pattern.ts'
import type { Library } from './libraries.ts'

/** What calls of `matches` become: the engine's own can take forever. */
export const MATCHES = 'matchesPattern'

/** github.com/google/cel-go/ext Strings, version 2, and k8s.io/apiserver/pkg/cel/library Regex. */
export const STRINGS: Library = {
  [`string.${MATCHES}(string): bool`]: (text: string, pattern: string) => matched(patternOf(pattern).matches(text)),
  'string.find(string): string': (text: string, pattern: string) => patternOf(pattern).findAll(text, 1)[0] ?? '',
  'string.findAll(string): list<string>': (text: string, pattern: string) => patternOf(pattern).findAll(text, ALL),
  'string.findAll(string, int): list<string>': (text: string, pattern: string, most: bigint) =>
    patternOf(pattern).findAll(text, most < 0n ? ALL : Number(most)),
  'string.charAt(int): string': (text: string, at: bigint) => text.charAt(Number(at)),
  'string.replace(string, string): string': (text: string, from: string, to: string) => text.replaceAll(from, () => to),
  'string.replace(string, string, int): string': (text: string, from: string, to: string, most: bigint) =>
    replaceSome(text, from, { to, most: Number(most) }),
  'string.format(list): string': formatted,
  'kubernetes.strings.quote(string): string': (_: unknown, text: string) => JSON.stringify(text.toWellFormed()),
}

const ALL = Number.POSITIVE_INFINITY

function matched(isMatch: boolean | undefined): boolean {
  if (isMatch === undefined) throw new Error('the text takes too long to match')
  return isMatch
}

function patternOf(text: string) {
  const pattern = compilePattern(text)
  if (pattern.kind === 'refused') throw new Error(pattern.why)
  return pattern
}

function replaceSome(text: string, from: string, { to, most }: { readonly to: string; readonly most: number }): string {
  if (most < 0) return text.replaceAll(from, () => to)
  let left = most
  return text.replaceAll(from, found => (left-- > 0 ? to : found))
}

function formatted(text: string, values: readonly unknown[]): string {
  let next = 0
  return text.replace(/%(?:\.([0-9]{1,2}))?([a-zA-Z%])/g, (all, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= values.length) throw new Error(`format: no value for ${all}`)
    const value = values[next]
    next += 1
    const made = VERBS[verb]?.(value, Number(digits ?? DECIMALS))
    if (made === undefined) throw new Error(`format: ${all} does not take this value`)
    return made
  })
}

// What each verb makes of a value; undefined for one that it does not take.
const VERBS: Readonly<Record<string, (value: unknown, digits: number) => string | undefined>> = {
  s: shown,
  d: value => (isWhole(value) ? String(value) : undefined),
  b: value =>
    typeof value === 'boolean' ? (value ? '1' : '0') : isWhole(value) ? BigInt(value).toString(2) : undefined,
  o: value => (isWhole(value) ? BigInt(value).toString(8) : undefined),
  x: hex,
  X: value => hex(value)?.toUpperCase(),
  f: (value, digits) => (typeof value === 'number' ? value.toFixed(digits) : undefined),
  e: (value, digits) => (typeof value === 'number' ? exponential(value, digits) : undefined),
}

function isWhole(value: unknown): value is bigint {
  return typeof value === 'bigint'
}

function hex(value: unknown): string | undefined {
  if (isWhole(value)) return value.toString(16)
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return undefined
}

function exponential(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2')
}

// As CEL writes a value within a text.
function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (value instanceof Map) {
    const fields = Array.from(value, ([key, each]) => `${shown(key)}: ${shown(each)}`)
    return `{${fields.toSorted().join(', ')}}`
  }
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  // Durations, quantities and addresses write themselves.
  return `${value}`
}

const DECIMALS = 6
