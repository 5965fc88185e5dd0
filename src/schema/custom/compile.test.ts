import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Json, JsonObject } from '../json.ts'
import { compileDefinition, compileSchema } from './compile.ts'
import { withDefaults } from './defaults.ts'
import { prune } from './prune.ts'
import { ruleErrors } from './rules/check.ts'
import { shapeOfSchema } from './shape.ts'
import { schemaErrors } from './validate.ts'

const anything = fc.constantFrom<Json>(null, true, 0, -1, 1.5, '', 'a', 'string', [], [1], {}, { a: 1 })
const words: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  type: fc.constantFrom('object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'odd', ''),
  format: fc.constantFrom('date-time', 'byte', 'duration', 'x'),
  pattern: fc.constantFrom('^a+$', '(', 'a{2}'),
  required: fc.constantFrom<Json>(['a'], [1], 'a'),
  default: anything,
  enum: fc.constantFrom<Json>(['a', 1], [], 'a'),
  minimum: fc.constantFrom<Json>(0, 'x'),
  maxLength: fc.constantFrom<Json>(2, -1),
  multipleOf: fc.constantFrom<Json>(2, 0),
  nullable: fc.boolean(),
  'x-kubernetes-preserve-unknown-fields': fc.boolean(),
  'x-kubernetes-embedded-resource': fc.boolean(),
  'x-kubernetes-int-or-string': fc.boolean(),
  'x-kubernetes-list-type': fc.constantFrom('map', 'set', 'atomic', 'odd'),
  'x-kubernetes-list-map-keys': fc.constantFrom<Json>(['a'], [1], []),
  'x-kubernetes-map-type': fc.constantFrom('atomic', 'granular', 'odd'),
  'x-kubernetes-validations': fc.constantFrom<Json>(
    [{ rule: 'self == oldSelf' }],
    [{ rule: 'has(self.a)', message: 'm', fieldPath: '.a' }],
    [{ rule: 'self.all(x, x != self)', optionalOldSelf: true }],
    [{ rule: 1 }, 2],
    'x',
  ),
}
const names = fc.constantFrom('a', 'b', 'metadata', 'kind', 'x-y', '__proto__', 'constructor', 'continue')
const { schema } = fc.letrec<{ schema: JsonObject }>(tie => {
  const inner = fc.oneof({ maxDepth: 3 }, anything, tie('schema')) as fc.Arbitrary<Json>
  return {
    schema: fc.record(
      {
        ...words,
        properties: fc.oneof(fc.dictionary(names, inner, { maxKeys: 3, noNullPrototype: true }), anything),
        additionalProperties: inner,
        items: inner,
        allOf: fc.oneof(fc.array(inner, { maxLength: 2 }), anything),
        not: inner,
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<JsonObject>,
  }
})
const { value } = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof({ maxDepth: 3 }, anything, fc.dictionary(names, tie('value'), { maxKeys: 3, noNullPrototype: true })),
}))

test('whatever a schema says, it is compiled or refused, and what is compiled takes any object', () => {
  let compiledCount = 0
  fc.assert(
    fc.property(
      schema,
      fc.dictionary(names, schema, { maxKeys: 3, noNullPrototype: true }),
      value,
      (part, properties, given) => {
        for (const whole of [part, { type: 'object', properties }]) {
          const result = compileSchema(whole, 's')
          if ('errors' in result) {
            assert.ok(result.errors.length > 0 && result.errors.every(({ field }) => field.startsWith('s')))
            continue
          }
          compiledCount += 1
          const { root, rules } = result.compiled
          assert.ok(shapeOfSchema(root, { id: 'a', kind: 'A', openapi: whole }).fields.size >= 0)
          const object = prune(root, { a: given, b: given }).value
          const filled = withDefaults(root, object)
          const checked = { path: '', value: filled, old: { a: 1 } }
          const errors = schemaErrors(root, checked)
          if (errors.length === 0 && rules !== undefined) ruleErrors(rules, root, checked)
        }
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(compiledCount > 10, `only ${compiledCount} schemas were taken`)
})

test('a large schema is compiled in steps for each place, and for those with a default or a rule', async () => {
  const steps = async (places: number): Promise<number> => {
    const field = { type: 'string', default: 'a', 'x-kubernetes-validations': [{ rule: "self != 'b'" }] }
    const properties = Object.fromEntries(Array.from({ length: places }, (_, index) => [`f${index}`, field]))
    const schema = { openAPIV3Schema: { type: 'object', properties } }
    const definition = { apiVersion: '', kind: '', metadata: { name: '', uid: '', creationTimestamp: '' } }
    let count = 0
    const step = async () => void (count += 1)
    await compileDefinition({ ...definition, spec: { versions: [{ name: 'v1', schema }] } }, step)
    return count
  }
  const [few, many] = [await steps(10), await steps(30)]
  assert.ok(few >= 20, `${few}`)
  // What it says, a default, the type of what a rule is about, the rule.
  assert.equal(many - few, 80)
  assert.equal(await steps(30), 0, 'what was just compiled is not compiled again')
})
