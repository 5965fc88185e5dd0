import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSchema } from '../node.ts'
import { ruleErrors } from './check.ts'
import { ruleEnvironment } from './functions.ts'
import { compileRules } from './rules.ts'

// Of every library of Kubernetes 1.33: kubernetes.io/docs/reference/using-api/cel.
const TRUE = [
  'ip("1.1.1.1").family() == 4',
  'ip("::1").isLoopback()',
  'ip.isCanonical("::1")',
  '!ip.isCanonical("::01")',
  'cidr("10.0.0.0/8").containsIP("10.1.1.1")',
  'cidr("10.0.0.0/8").containsCIDR(cidr("10.1.0.0/16"))',
  'string(cidr("10.1.2.3/8").masked()) == "10.0.0.0/8"',
  'cidr("10.1.2.3/8").ip() == ip("10.1.2.3")',
  '"a12b3".findAll("[0-9]+") == ["12", "3"]',
  '"a12b3".find("[0-9]+") == "12"',
  'format.dns1123Label().validate("a_b").hasValue()',
  '!format.named("uuid").value().validate("123e4567-e89b-12d3-a456-426614174000").hasValue()',
  '!format.named("nope").hasValue()',
  '[1, 2, 3].all(i, v, v == i + 1)',
  '{"a": 1}.exists(k, v, k == "a" && v == 1)',
  '[1, 2].transformList(i, v, i + v) == [1, 3]',
  '[1, 2].transformList(i, v, i > 0, v) == [2]',
  '{"a": 1}.transformMap(k, v, v + 1) == {"a": 2}',
  '["a"].transformMapEntry(i, v, {v: i}) == {"a": 0}',
  '[1, 2].existsOne(i, v, v == 2)',
  'optional.of(1).optMap(x, x + 1).value() == 2',
  'optional.none().optMap(x, x).orValue(3) == 3',
  'optional.of({"a": 1}).optFlatMap(m, m[?"a"]).value() == 1',
  '!optional.ofNonZeroValue("").hasValue()',
  'semver("1.2.3").isLessThan(semver("1.10.0")) && semver("1.0.0-rc.1").isLessThan(semver("1.0.0"))',
  'isSemver("v1.2", true) && !isSemver("v1.2")',
  'semver("v01.2", true).minor() == 2',
  'url("https://a:8/x?k=v&k=w").getQuery()["k"] == ["v", "w"]',
  'sets.equivalent([{"a": 1}], [{"a": 1}])',
  '[true, false].isSorted() == false',
  '[duration("1s"), duration("2s")].max() == duration("2s")',
  '"%s %d %x %.2f %b %e".format([[1, "a"], 5, 255, 1.5, true, 1000.0]) == "[1, a] 5 ff 1.50 1 1.000000e+03"',
  'strings.quote("a\\"b") == "\\"a\\\\\\"b\\""',
  'quantity("1").add(2) == quantity("3")',
  'quantity("1k") == quantity("1000")',
  '[timestamp("2020-01-01T00:00:00Z")].indexOf(timestamp("2020-01-01T00:00:00Z")) == 0',
  '["a"].all(ip, ip == "a")',
  '[[1],[2]].all(i, l, l.all(j, v, v == i + 1 && j == 0))',
  'url("/a/b").getScheme() == "" && url("/a/b").getEscapedPath() == "/a/b"',
  'isURL("https://example.com:80/") && !isURL("../x")',
  'url("https://Example.com").getEscapedPath() == "" && url("https://a/").getEscapedPath() == "/"',
  'url("https://Example.com:443/").getHost() == "Example.com:443" && url("https://a:443").getPort() == "443"',
  'url("https://u:p@[::1]:8/").getHostname() == "::1" && url("oci://reg/x").getScheme() == "oci"',
  'isURL("mailto:a@b") && isURL("/") && url("https://a") == url("https://a")',
  'cel.bind(x, 1, x == 1)',
]

test('the functions of Kubernetes are there', () => {
  const environment = ruleEnvironment()
  for (const rule of TRUE) assert.equal(environment.evaluate(rule, {}), true, rule)
})

const FALSE = [
  'isIP("1.2.3")',
  'isIP("01.2.3.4")',
  'isIP("fe80::1%eth0")',
  'isIP("::ffff:1.2.3.4")',
  'isCIDR("1.2.3.4")',
  'isCIDR("1.2.3.4/33")',
  'cidr("10.0.0.0/8").containsIP("::1")',
  'cidr("10.1.0.0/16").containsCIDR("10.0.0.0/8")',
  'ip("224.0.0.1").isGlobalUnicast()',
  'ip("169.254.1.1").isGlobalUnicast()',
  'ip("10.0.0.1").isLoopback()',
  'isSemver("1.2")',
  'isSemver("01.2.3")',
  'semver("1.0.0+a").isGreaterThan(semver("1.0.0+b"))',
  'isQuantity("10 Gi")',
  'isURL("a b")',
  'isURL("a.b/c")',
  'isURL("https://a:b")',
  'isURL("https://[::1")',
  'isURL("/%zz")',
  'isURL("")',
  '[1, 2].all(i, v, v > 1)',
  '[1, 2].exists(i, v, v > 2)',
  'format.qualifiedName().validate("a/b").hasValue()',
  'sets.contains([1], [1, 2])',
]

test('and tell what is not so', () => {
  const environment = ruleEnvironment()
  for (const rule of FALSE) assert.equal(environment.evaluate(rule, {}), false, rule)
})

const FAULTS: readonly (readonly [rule: string, message: RegExp])[] = [
  ['ip("x").family() == 4', /IP address parse error: "x"/],
  ['cidr("10.0.0.0").prefixLength() == 8', /CIDR parse error/],
  ['semver("1").major() == 1', /semantic version parse error/],
  ['[1, 2].transformMapEntry(i, v, {"same": v}) == {}', /key 'same' already exists/],
  ['"a".find("(") == ""', /error parsing regexp/],
  ['[1, 0].all(i, v, 1 / v > 0)', /[Dd]ivision by zero|divide by zero/],
]

test('a value that a function does not take is an error', () => {
  const environment = ruleEnvironment()
  for (const [rule, message] of FAULTS) assert.throws(() => environment.evaluate(rule, {}), message, rule)
})

const COSTLY = [
  'self.all(a, self.all(b, sets.contains(self, [a, b])))',
  'self.all(a, self.all(b, self.all(c, a.matches("^(a|b|c|d)*" + c) || true)))',
  'self.all(a, self.all(b, self.all(c, a.find("z+" + c) == "")))',
  'self.all(i, a, self.all(j, b, self.all(k, c, a + b + c != "")))',
]

test('no function lets a rule go on for long', () => {
  for (const rule of COSTLY) {
    const node = readSchema({ type: 'array', items: { type: 'string' }, 'x-kubernetes-validations': [{ rule }] })
    const { compiled, errors } = compileRules(node, 'schema')
    assert.deepEqual(errors, [])
    const value = Array.from({ length: 500 }, (_, index) => `${'abcd'.repeat(20)}${index}`)
    const started = performance.now()
    const [error] = ruleErrors(compiled, node, { value, old: undefined, path: '' })
    assert.match(error?.message ?? '', /call cost exceeds limit/, rule)
    assert.ok(performance.now() - started < 15_000, `${rule} took ${performance.now() - started} ms`)
  }
})
