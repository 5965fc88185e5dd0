import { Environment } from '@marcbachmann/cel-js'
import { isOfFormat } from '../formats.ts'
import { compilePattern } from '../patterns/pattern.ts'
import { Quantity, quantityOf } from './quantity.ts'

/**
 * CEL with those of Kubernetes' libraries that are here (kubernetes.io/docs/reference/using-api/cel): lists, strings, sets,
 * quantities, URLs. A rule that calls another function is refused when its definition is made.
 */
export function ruleEnvironment(): Environment {
  made ??= makeEnvironment()
  return made.clone()
}

/** What calls of `matches` become: the engine's own can take forever. */
export const MATCHES = 'matchesPattern'

let made: Environment | undefined

function makeEnvironment(): Environment {
  const env = new Environment({
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: AST_NODES_MAX, maxDepth: AST_DEPTH_MAX },
  })
  env.registerType('kubernetes.Quantity', Quantity)
  env.registerType('kubernetes.URL', URL)
  env.registerType('kubernetes.Sets', Sets)
  env.registerConstant('sets', 'kubernetes.Sets', new Sets())
  env.registerFunction(`string.${MATCHES}(string): bool`, matches)
  for (const [signature, run] of Object.entries({ ...STRINGS, ...QUANTITIES, ...URLS, ...SETS })) {
    env.registerFunction(signature, run)
  }
  for (const type of ['int', 'double', 'string']) registerLists(env, type)
  return env
}

type Run = (...values: never[]) => unknown

function matches(text: string, pattern: string): boolean {
  const compiled = compilePattern(pattern)
  if (compiled.kind === 'refused') throw new Error(compiled.why)
  return compiled.matches(text)
}

const STRINGS: Readonly<Record<string, Run>> = {
  'string.charAt(int): string': (text: string, at: bigint) => text.charAt(Number(at)),
  'string.replace(string, string): string': (text: string, from: string, to: string) => text.replaceAll(from, () => to),
  'string.replace(string, string, int): string': (text: string, from: string, to: string, most: bigint) =>
    replaceSome(text, from, { to, most: Number(most) }),
  'string.format(list): string': formatted,
  'isIP(string): bool': (text: string) => isOfFormat('ipv4', text) || isOfFormat('ipv6', text),
  'isCIDR(string): bool': (text: string) => isOfFormat('cidr', text),
}

// `%s`, `%d`, `%x`, `%f` with its digits, and `%%`.
function formatted(text: string, values: readonly unknown[]): string {
  let next = 0
  return text.replace(/%(?:\.([0-9]{1,2}))?([a-zA-Z%])/g, (all, digits: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= values.length) throw new Error(`format: no value for ${all}`)
    const value = values[next]
    next += 1
    if (verb === 's') return typeof value === 'string' || typeof value === 'bigint' ? `${value}` : textOf(value)
    if (verb === 'd' && typeof value === 'bigint') return value.toString()
    if (verb === 'x' && typeof value === 'bigint') return value.toString(16)
    if (verb === 'f' && typeof value === 'number') return value.toFixed(Number(digits ?? DECIMALS))
    throw new Error(`format: ${all} does not take this value`)
  })
}

const DECIMALS = 6

const QUANTITIES: Readonly<Record<string, Run>> = {
  'isQuantity(string): bool': (text: string) => quantityOf(text) !== undefined,
  'quantity(string): kubernetes.Quantity': (text: string) => {
    const quantity = quantityOf(text)
    if (quantity === undefined) throw new Error(`${JSON.stringify(text)} is no quantity`)
    return quantity
  },
  'kubernetes.Quantity.compareTo(kubernetes.Quantity): int': (a: Quantity, b: Quantity) => BigInt(a.compareTo(b)),
  'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool': (a: Quantity, b: Quantity) => a.compareTo(b) > 0,
  'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool': (a: Quantity, b: Quantity) => a.compareTo(b) < 0,
  'kubernetes.Quantity.sign(): int': (a: Quantity) => BigInt(a.compareTo(new Quantity(0n))),
  'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity': (a: Quantity, b: Quantity) => a.plus(b),
  'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity': (a: Quantity, b: Quantity) => a.minus(b),
  'kubernetes.Quantity.isInteger(): bool': (a: Quantity) => a.isInteger,
  'kubernetes.Quantity.asInteger(): int': (a: Quantity) => a.asInteger(),
  'kubernetes.Quantity.asApproximateFloat(): double': (a: Quantity) => a.asNumber(),
}

const URLS: Readonly<Record<string, Run>> = {
  'isURL(string): bool': (text: string) => URL.canParse(text),
  'url(string): kubernetes.URL': (text: string) => new URL(text),
  'kubernetes.URL.getScheme(): string': (url: URL) => url.protocol.slice(0, -1),
  'kubernetes.URL.getHost(): string': (url: URL) => url.host,
  'kubernetes.URL.getHostname(): string': (url: URL) => url.hostname.replace(/^\[|\]$/g, ''),
  'kubernetes.URL.getPort(): string': (url: URL) => url.port,
  'kubernetes.URL.getEscapedPath(): string': (url: URL) => (url.pathname === '/' ? '' : url.pathname),
}

class Sets {}

const SETS: Readonly<Record<string, Run>> = {
  'kubernetes.Sets.contains(list, list): bool': (_: Sets, all: readonly unknown[], some: readonly unknown[]) =>
    some.every(item => includes(all, item)),
  'kubernetes.Sets.intersects(list, list): bool': (_: Sets, one: readonly unknown[], other: readonly unknown[]) =>
    other.some(item => includes(one, item)),
  'kubernetes.Sets.equivalent(list, list): bool': (_: Sets, one: readonly unknown[], other: readonly unknown[]) =>
    one.every(item => includes(other, item)) && other.every(item => includes(one, item)),
}

function registerLists(env: Environment, type: string): void {
  env.registerFunction(`list<${type}>.isSorted(): bool`, (list: Comparable[]) =>
    list.every((item, index) => index === 0 || (list[index - 1] ?? item) <= item),
  )
  env.registerFunction(`list<${type}>.min(): ${type}`, (list: Comparable[]) => extreme(list, (a, b) => a < b))
  env.registerFunction(`list<${type}>.max(): ${type}`, (list: Comparable[]) => extreme(list, (a, b) => a > b))
  env.registerFunction(`list<${type}>.indexOf(${type}): int`, (list: Comparable[], item: Comparable) =>
    BigInt(list.indexOf(item)),
  )
  env.registerFunction(`list<${type}>.lastIndexOf(${type}): int`, (list: Comparable[], item: Comparable) =>
    BigInt(list.lastIndexOf(item)),
  )
  if (type === 'int') env.registerFunction('list<int>.sum(): int', (list: bigint[]) => list.reduce((a, b) => a + b, 0n))
  if (type === 'double') {
    env.registerFunction('list<double>.sum(): double', (list: number[]) => list.reduce((a, b) => a + b, 0))
  }
}

type Comparable = bigint | number | string

function extreme(list: readonly Comparable[], isBetter: (a: Comparable, b: Comparable) => boolean): Comparable {
  const [first] = list
  if (first === undefined) throw new Error('the list is empty')
  return list.reduce((best, item) => (isBetter(item, best) ? item : best), first)
}

function includes(list: readonly unknown[], item: unknown): boolean {
  const text = textOf(item)
  return list.some(each => textOf(each) === text)
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return `${each}n`
    return each instanceof Map ? Array.from(each) : each
  })
}

function replaceSome(text: string, from: string, { to, most }: { readonly to: string; readonly most: number }): string {
  if (most < 0) return text.replaceAll(from, () => to)
  let left = most
  return text.replaceAll(from, found => (left-- > 0 ? to : found))
}

const AST_NODES_MAX = 5000
const AST_DEPTH_MAX = 100
