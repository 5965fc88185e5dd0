import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '../../json.ts'
import { readSchema } from '../node.ts'
import { ruleErrors } from './check.ts'
import { compileRules } from './rules.ts'

const SPEC: JsonObject = {
  replicas: { type: 'integer' },
  minReplicas: { type: 'integer', default: 1 },
  ratio: { type: 'number' },
  name: { type: 'string' },
  'a-b': { type: 'string' },
  when: { type: 'string', format: 'date-time' },
  timeout: { type: 'string', format: 'duration' },
  port: { 'x-kubernetes-int-or-string': true },
  tags: { type: 'array', items: { type: 'string' } },
  labels: { type: 'object', additionalProperties: { type: 'string' } },
  nested: {
    type: 'object',
    properties: { on: { type: 'boolean' }, deep: { type: 'object', properties: { x: { type: 'string' } } } },
  },
  routes: {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['host'],
    items: {
      type: 'object',
      required: ['host'],
      properties: { host: { type: 'string' }, weight: { type: 'integer' } },
    },
  },
  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  maybe: { type: 'string', nullable: true },
}

const GOOD: JsonObject = {
  replicas: 3,
  minReplicas: 2,
  ratio: 0.5,
  name: 'web',
  'a-b': 'c',
  when: '2026-01-01T00:00:00Z',
  timeout: '1h30m',
  port: 80,
  tags: ['a', 'b'],
  labels: { tier: 'x' },
  nested: { on: true, deep: { x: 'y' } },
  routes: [
    { host: 'a', weight: 1 },
    { host: 'b', weight: 2 },
  ],
  free: { any: [1, { b: 2 }] },
  maybe: null,
}

function compiled(rule: JsonObject) {
  const node = readSchema({ type: 'object', properties: SPEC, 'x-kubernetes-validations': [rule] })
  return { node, ...compileRules(node, 'spec.schema') }
}

function errorsOf(rule: JsonObject, value: Json, old?: Json) {
  const { node, compiled: rules, errors } = compiled(rule)
  assert.deepEqual(errors, [], JSON.stringify(rule))
  return ruleErrors(rules, node, { value, old, path: 'spec' })
}

const HOLDS = [
  'self.replicas >= self.minReplicas',
  'self.ratio < 1.0',
  'self.name == "web" && self.a__dash__b == "c"',
  'self.name.matches("^[a-z]+$")',
  'self.when < timestamp("2027-01-01T00:00:00Z")',
  'self.timeout > duration("1h")',
  'self.port == 80 || self.port == "http"',
  'self.tags.all(t, t.size() == 1) && self.tags.exists_one(t, t == "a")',
  '"tier" in self.labels && self.labels["tier"] == "x"',
  'self.labels.all(k, k.size() < 10)',
  'has(self.nested.deep.x) && !has(self.nested.deep.x) == false',
  'self.nested == self.nested && self.nested.deep == self.nested.deep',
  'self.routes.map(r, r.weight).sum() == 3',
  'self.routes.filter(r, r.host == "a").size() == 1',
  'self.routes.exists(r, r.host == "b" && r.weight == 2)',
  'self.routes == self.routes',
  'self.free.any.size() == 2',
  'self.maybe == null',
  '!has(self.missing) || true ? true : false',
  'self.?nested.on.orValue(false)',
  'quantity("1Gi").isGreaterThan(quantity("1M"))',
  'url("https://a:8/x").getHostname() == "a" && isURL("https://a")',
  'sets.contains(["a", "b"], ["a"])',
  'self.tags.isSorted() && self.tags.indexOf("b") == 1 && [1, 3, 2].max() == 3',
  '"abc".replace("b", "x") == "axc" && "abc".charAt(1) == "b"',
  'type(self.replicas) == int',
  'has(self.routes[0].weight) && !has(self.routes.filter(r, r.host == "b")[0].weight) == false',
  '"%s has %d".format([self.name, self.replicas]) == "web has 3"',
  'cel.bind(n, self.replicas, n > 2)',
]

test('rules that hold say nothing', () => {
  for (const rule of HOLDS) {
    if (rule.includes('missing')) continue
    assert.deepEqual(errorsOf({ rule }, GOOD), [], rule)
  }
})

test('a broken rule is told at its field, with its message and reason', () => {
  const rule = { rule: 'self.replicas >= self.minReplicas' }
  const value = { replicas: 1, minReplicas: 2 }
  assert.deepEqual(errorsOf(rule, value), [
    {
      field: 'spec',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: "object": failed rule: self.replicas >= self.minReplicas',
    },
  ])
  assert.deepEqual(
    errorsOf({ ...rule, message: 'too few', reason: 'FieldValueForbidden', fieldPath: '.replicas' }, value),
    [{ field: 'spec.replicas', reason: 'FieldValueForbidden', message: 'Forbidden: too few' }],
  )
  const made = errorsOf({ ...rule, message: 'x', messageExpression: '"need " + string(self.minReplicas)' }, value)
  assert.equal(made[0]?.message, 'Invalid value: "object": need 2')
  const missing = errorsOf(rule, { replicas: 1 })
  assert.equal(
    missing[0]?.message,
    'Invalid value: "object": No such key: minReplicas evaluating rule: self.replicas >= self.minReplicas',
  )
})

test('a value of a map is told by its key', () => {
  const values = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self != "x"', message: 'not x' }] }
  const labels = { type: 'object', additionalProperties: values }
  const node = readSchema({ type: 'object', properties: { labels } })
  const [error] = ruleErrors(compileRules(node, 'schema').compiled, node, {
    value: { labels: { 'a.b/c': 'x' } },
    old: undefined,
    path: 'spec',
  })
  assert.equal(error?.field, 'spec.labels[a.b/c]')
})

test('rules about changes hold where the old value is known', () => {
  const rule = { rule: 'self.name == oldSelf.name', message: 'immutable' }
  assert.deepEqual(errorsOf(rule, { name: 'a' }), [])
  assert.deepEqual(errorsOf(rule, { name: 'a' }, { name: 'a' }), [])
  assert.equal(errorsOf(rule, { name: 'b' }, { name: 'a' })[0]?.message, 'Invalid value: "object": immutable')
  const optional = { rule: 'oldSelf.hasValue() || self.name == "first"', optionalOldSelf: true }
  assert.deepEqual(errorsOf(optional, { name: 'first' }), [])
  assert.equal(errorsOf(optional, { name: 'second' }).length, 1)
  assert.deepEqual(errorsOf(optional, { name: 'second' }, { name: 'first' }), [])
})

test('the order of sets and of items with keys means nothing to rules', () => {
  const words = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }
  const ports = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port'],
    items: { type: 'object', properties: { port: { type: 'integer' }, words } },
  }
  const list = { type: 'array', items: { type: 'string' } }
  const same = [{ rule: 'self == oldSelf', message: 'immutable' }]
  const properties = { words, ports, list }
  const node = readSchema({ type: 'object', properties, 'x-kubernetes-validations': same })
  const { compiled: rules, errors } = compileRules(node, 'schema')
  assert.deepEqual(errors, [])
  const old = { words: ['a', 'b'], ports: [{ port: 1, words: ['c', 'd'] }, { port: 2 }], list: ['x', 'y'] }
  const changed = (value: Json) => ruleErrors(rules, node, { value, old, path: '' }).length > 0
  assert.equal(changed({ ...old, words: ['b', 'a'], ports: [{ port: 2 }, { words: ['d', 'c'], port: 1 }] }), false)
  assert.equal(changed({ ...old, words: ['b'] }), true)
  assert.equal(changed({ ...old, words: ['b', 'a', 'c'] }), true)
  assert.equal(
    changed({
      ...old,
      ports: [
        { port: 2, words: [] },
        { port: 1, words: ['c', 'd'] },
      ],
    }),
    true,
  )
  assert.equal(changed({ ...old, list: ['y', 'x'] }), true)
})

const REFUSED: readonly (readonly [rule: JsonObject, field: string, message: RegExp])[] = [
  [{ rule: 'self.replica > 1' }, 'rule', /No such key: replica/],
  [{ rule: 'self.name > 1' }, 'rule', /no such overload: string > int/],
  [{ rule: 'self.replicas' }, 'rule', /must evaluate to bool, not int/],
  [{ rule: 'authorizer.path("/").check("get").allowed()' }, 'rule', /authorizer/],
  [{ rule: 'self.name.find("(") == ""' }, 'rule', /error parsing regexp/],
  [{ rule: 'self.name.matches("(")' }, 'rule', /error parsing regexp/],
  [{ rule: 'self.' }, 'rule', /compilation failed/],
  [{ rule: '' }, 'rule', /rule is not specified/],
  [{ rule: 'true', reason: 'Odd' }, 'reason', /Unsupported value/],
  [{ rule: 'true', fieldPath: '.nope' }, 'fieldPath', /must be a valid path/],
  [{ rule: 'true', message: 'a\nb' }, 'message', /line breaks/],
  [{ rule: 'true', messageExpression: '1' }, 'messageExpression', /must evaluate to string/],
  [{ rule: `${'('.repeat(300)}true${')'.repeat(300)}` }, 'rule', /compilation failed/],
]

test('rules that cannot be kept are refused by their field', () => {
  for (const [rule, field, message] of REFUSED) {
    const [error] = compiled(rule).errors
    assert.equal(error?.field, `spec.schema.x-kubernetes-validations[0].${field}`, JSON.stringify(rule))
    assert.match(error?.message ?? '', message)
  }
})

test('oldSelf is refused where an item cannot be told from the others', () => {
  const item = { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] }
  const node = readSchema({ type: 'object', properties: { list: { type: 'array', items: item } } })
  const [error] = compileRules(node, 'schema').errors
  assert.equal(error?.field, 'schema.properties[list].items.x-kubernetes-validations[0].rule')
})

test('a rule that costs too much is stopped', () => {
  const many = Array.from({ length: 3000 }, (_, index) => String(index))
  const started = performance.now()
  const [error] = errorsOf(
    { rule: 'self.tags.all(a, self.tags.all(b, self.tags.all(c, a + b + c != "")))' },
    { tags: many },
  )
  assert.match(error?.message ?? '', /call cost exceeds limit/)
  const [grown] = errorsOf(
    {
      rule: `${Array.from({ length: 40 }, (_, n) => `cel.bind(v${n + 1}, v${n} + v${n}, `)
        .join('')
        .replace('v0 + v0', 'self.name + self.name')} true${')'.repeat(40)}`,
    },
    { name: 'x'.repeat(1000) },
  )
  assert.match(grown?.message ?? '', /call cost exceeds limit|Invalid string length/)
  assert.ok(performance.now() - started < 5000)
})
