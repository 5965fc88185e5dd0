import { type Cidr, type IpAddress, readCidr, readIp } from './addresses.ts'
import { NAMED_FORMATS, type NamedFormat } from './named-formats.ts'
import { Quantity, quantityOf } from './quantity.ts'
import { type RuleUrl, readUrl } from './rule-url.ts'
import { keyOf } from './same.ts'
import { readSemver, type Semver } from './semver.ts'
import { optionalOf } from './values.ts'

/** What a function of rules does with its values, which are of the types its signature says. */
export type Run = (...values: never[]) => unknown

/** Functions by their signatures. */
export type Library = Readonly<Record<string, Run>>

/** k8s.io/apiserver/pkg/cel/library Quantity. */
export const QUANTITIES: Library = {
  'isQuantity(string): bool': (text: string) => quantityOf(text) !== undefined,
  'quantity(string): kubernetes.Quantity': (text: string) => read(quantityOf(text), text, 'quantity'),
  'kubernetes.Quantity.compareTo(kubernetes.Quantity): int': (a: Quantity, b: Quantity) => BigInt(a.compareTo(b)),
  'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool': (a: Quantity, b: Quantity) => a.compareTo(b) > 0,
  'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool': (a: Quantity, b: Quantity) => a.compareTo(b) < 0,
  'kubernetes.Quantity.sign(): int': (a: Quantity) => BigInt(a.compareTo(new Quantity(0n))),
  'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity': (a: Quantity, b: Quantity) => a.plus(b),
  'kubernetes.Quantity.add(int): kubernetes.Quantity': (a: Quantity, b: bigint) => a.plus(Quantity.of(b)),
  'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity': (a: Quantity, b: Quantity) => a.minus(b),
  'kubernetes.Quantity.sub(int): kubernetes.Quantity': (a: Quantity, b: bigint) => a.minus(Quantity.of(b)),
  'kubernetes.Quantity.isInteger(): bool': (a: Quantity) => a.isInteger,
  'kubernetes.Quantity.asInteger(): int': (a: Quantity) => a.asInteger(),
  'kubernetes.Quantity.asApproximateFloat(): double': (a: Quantity) => a.asNumber(),
}

/** k8s.io/apiserver/pkg/cel/library URLs. */
export const URLS: Library = {
  'isURL(string): bool': (text: string) => readUrl(text) !== undefined,
  'url(string): kubernetes.URL': (text: string) => read(readUrl(text), text, 'URL'),
  'kubernetes.URL.getScheme(): string': (url: RuleUrl) => url.scheme,
  'kubernetes.URL.getHost(): string': (url: RuleUrl) => url.host,
  'kubernetes.URL.getHostname(): string': (url: RuleUrl) => url.hostname,
  'kubernetes.URL.getPort(): string': (url: RuleUrl) => url.port,
  'kubernetes.URL.getEscapedPath(): string': (url: RuleUrl) => url.path,
  'kubernetes.URL.getQuery(): map<string, list<string>>': (url: RuleUrl) => url.values,
}

/** github.com/google/cel-go/ext Sets. */
export const SETS: Library = {
  'kubernetes.sets.contains(list, list): bool': (_: unknown, all: Items, some: Items) => hasAll(all, some),
  'kubernetes.sets.intersects(list, list): bool': (_: unknown, one: Items, other: Items) => {
    const keys = new Set(one.map(keyOf))
    return other.some(item => keys.has(keyOf(item)))
  },
  'kubernetes.sets.equivalent(list, list): bool': (_: unknown, one: Items, other: Items) =>
    hasAll(one, other) && hasAll(other, one),
}

/** k8s.io/apiserver/pkg/cel/library IP and CIDR. */
export const NETWORKS: Library = {
  'isIP(string): bool': (text: string) => readIp(text) !== undefined,
  'ip(string): kubernetes.IP': (text: string) => read(readIp(text), text, 'IP address'),
  'kubernetes.ip.isCanonical(string): bool': (_: unknown, text: string) =>
    String(read(readIp(text), text, 'IP address')) === text,
  'string(kubernetes.IP): string': String,
  'kubernetes.IP.family(): int': (ip: IpAddress) => BigInt(ip.family),
  'kubernetes.IP.isUnspecified(): bool': (ip: IpAddress) => ip.isUnspecified,
  'kubernetes.IP.isLoopback(): bool': (ip: IpAddress) => ip.isLoopback,
  'kubernetes.IP.isLinkLocalMulticast(): bool': (ip: IpAddress) => ip.isLinkLocalMulticast,
  'kubernetes.IP.isLinkLocalUnicast(): bool': (ip: IpAddress) => ip.isLinkLocalUnicast,
  'kubernetes.IP.isGlobalUnicast(): bool': (ip: IpAddress) => ip.isGlobalUnicast,
  'isCIDR(string): bool': (text: string) => readCidr(text) !== undefined,
  'cidr(string): kubernetes.CIDR': (text: string) => read(readCidr(text), text, 'CIDR'),
  'string(kubernetes.CIDR): string': String,
  'kubernetes.CIDR.ip(): kubernetes.IP': (cidr: Cidr) => cidr.address,
  'kubernetes.CIDR.masked(): kubernetes.CIDR': (cidr: Cidr) => cidr.masked,
  'kubernetes.CIDR.prefixLength(): int': (cidr: Cidr) => BigInt(cidr.length),
  'kubernetes.CIDR.containsIP(kubernetes.IP): bool': (cidr: Cidr, ip: IpAddress) => cidr.contains(ip),
  'kubernetes.CIDR.containsIP(string): bool': (cidr: Cidr, text: string) =>
    cidr.contains(read(readIp(text), text, 'IP address')),
  'kubernetes.CIDR.containsCIDR(kubernetes.CIDR): bool': (cidr: Cidr, other: Cidr) => cidr.containsAll(other),
  'kubernetes.CIDR.containsCIDR(string): bool': (cidr: Cidr, text: string) =>
    cidr.containsAll(read(readCidr(text), text, 'CIDR')),
}

/** k8s.io/apiserver/pkg/cel/library Format. */
export const FORMATS: Library = {
  'kubernetes.format.named(string): optional<kubernetes.NamedFormat>': (_: unknown, name: string) =>
    optionalOf(NAMED_FORMATS.get(name)),
  'kubernetes.NamedFormat.validate(string): optional<list<string>>': (format: NamedFormat, text: string) => {
    const problem = format.problem(text)
    return optionalOf(problem === undefined ? undefined : [problem])
  },
  ...Object.fromEntries(
    Array.from(NAMED_FORMATS, ([name, format]) => [
      `kubernetes.format.${name}(): kubernetes.NamedFormat`,
      () => format,
    ]),
  ),
}

/** k8s.io/apiserver/pkg/cel/library Semver. */
export const SEMVERS: Library = {
  'isSemver(string): bool': (text: string) => readSemver(text, false) !== undefined,
  'isSemver(string, bool): bool': (text: string, isLoose: boolean) => readSemver(text, isLoose) !== undefined,
  'semver(string): kubernetes.Semver': (text: string) => read(readSemver(text, false), text, 'semantic version'),
  'semver(string, bool): kubernetes.Semver': (text: string, isLoose: boolean) =>
    read(readSemver(text, isLoose), text, 'semantic version'),
  'kubernetes.Semver.compareTo(kubernetes.Semver): int': (a: Semver, b: Semver) => BigInt(Math.sign(a.compareTo(b))),
  'kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool': (a: Semver, b: Semver) => a.compareTo(b) > 0,
  'kubernetes.Semver.isLessThan(kubernetes.Semver): bool': (a: Semver, b: Semver) => a.compareTo(b) < 0,
  'kubernetes.Semver.major(): int': ({ numbers }: Semver) => numbers[0],
  'kubernetes.Semver.minor(): int': ({ numbers }: Semver) => numbers[1],
  'kubernetes.Semver.patch(): int': ({ numbers }: Semver) => numbers[2],
}

type Items = readonly unknown[]

function hasAll(all: Items, some: Items): boolean {
  const keys = new Set(all.map(keyOf))
  return some.every(item => keys.has(keyOf(item)))
}

function read<Value>(value: Value | undefined, text: string, what: string): Value {
  if (value === undefined) throw new Error(`${what} parse error: ${JSON.stringify(text)}`)
  return value
}
