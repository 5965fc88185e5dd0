import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { Json } from '#schema'
import { yamlItem, yamlText } from './yaml.ts'

test('an object is written as people know it', () => {
  const object = {
    kind: 'Pod',
    metadata: { name: 'a', labels: { on: 'yes', zone: '1' }, annotations: {} },
    spec: {
      containers: [{ name: 'c', image: 'nginx:1', args: ['-x', 'a: b'], ports: [] }],
      text: 'one\n\n  two\n',
      count: 3,
    },
  }
  assert.equal(
    yamlText(object),
    `kind: Pod
metadata:
  name: a
  labels:
    "on": "yes"
    zone: "1"
  annotations: {}
spec:
  containers:
  - name: c
    image: nginx:1
    args:
    - "-x"
    - "a: b"
    ports: []
  text: |
    one

      two
  count: 3
`,
  )
})

test('whatever is written is read as it was, by the rules of YAML 1.1 and 1.2', () => {
  const odd = fc.constantFrom(
    '',
    '~',
    'null',
    'NO',
    '0o7',
    '012',
    '1e3',
    'e0',
    'E10',
    'e+1',
    '.5',
    '.inf',
    '12:30',
    '2001-01-01',
    '- a',
    'a: b',
    'a:',
    '# a',
    'a #b',

    'a\nb',
    'a\n',
    '\na',
    ' a',
    'a ',
    'a\n\n',
    'a\n b\n\n',
    'a\n \n',
    'a\r\nb',
    'a\tb\n',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ud800',

    '---',
    '...',
    '---\na',
    '...\nb\n',
    'a\n---\nb\n',
    '%a',
    '@a',
    '`a',
    '!a',
    '&a',
    '*a',
    '=',
    '<<',
    'k:{"name":"x"}',
    'x'.repeat(1100),
    'a\n#b\n',
    'a\n\tb',
    'a \nb',
    '{',
    '[',
    '"',
    "'",
    '|',
    '>',
    '?',
    ', a',
    'a, b',
    'a (b)',
    'y',
    'N',
  )
  const text = fc.oneof(odd, fc.string({ unit: 'binary' }), fc.string(), fc.stringMatching(/^[ab :#\n-]{0,8}$/))
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        text.filter(key => key !== '__proto__'),
        tie('value'),
        { maxKeys: 4, noNullPrototype: true },
      ),
    ),
  }))
  const isWell = (json: string): boolean => !/\\ud[89a-f]/.test(json)
  fc.assert(
    fc.property(value as fc.Arbitrary<Json>, sent => {
      // Halves of characters are no text in any encoding.
      fc.pre(isWell(JSON.stringify(sent)))
      for (const version of ['1.1', '1.2'] as const) {
        assert.deepEqual(parse(yamlText(sent), { version, merge: false, maxAliasCount: 0 }), sent)
        assert.deepEqual(parse(`items:\n${yamlItem(sent)}`, { version, merge: false }), { items: [sent] })
      }
    }),
    { numRuns: 1500 },
  )
})
