import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base'
import { type JsonObject, kubernetesShape, type ObjectShape } from '#schema'
import { strategicPatch } from './strategic.ts'

const POD = kubernetesShape('V1Pod')
const DEPLOYMENT = kubernetesShape('V1Deployment')
const SERVICE = kubernetesShape('V1Service')

interface Row {
  readonly shape?: ObjectShape
  readonly object: JsonObject
  readonly patch: JsonObject
  readonly expected: JsonObject
}

const spec = (fields: JsonObject): JsonObject => ({ spec: fields })
const a = { name: 'a', image: 'a' }
const b = { name: 'b', image: 'b' }
const c = { name: 'c', image: 'c' }

const rows: Readonly<Record<string, Row>> = {
  'an item is merged by its key': {
    object: spec({ containers: [a, b] }),
    patch: spec({ containers: [{ name: 'b', image: 'x', tty: true }] }),
    expected: spec({ containers: [a, { name: 'b', image: 'x', tty: true }] }),
  },
  'an item is added, and another goes': {
    object: spec({ containers: [a, b] }),
    patch: spec({
      containers: [
        { name: 'c', image: 'c' },
        { $patch: 'delete', name: 'a' },
      ],
    }),
    expected: spec({ containers: [b, c] }),
  },
  'what kubectl apply sends when containers are reordered': {
    object: spec({ containers: [a, b] }),
    patch: spec({
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }],
      containers: [{ image: 'c', name: 'c' }],
    }),
    expected: spec({ containers: [c, b, a] }),
  },
  'an item that the order does not name stays before those it was before': {
    object: spec({ containers: [a, { name: 'sidecar' }, b] }),
    patch: spec({ '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] }),
    expected: spec({ containers: [a, { name: 'sidecar' }, b] }),
  },
  'a list of a key below another, with orders of both': {
    object: spec({ containers: [{ ...a, ports: [{ containerPort: 80 }, { containerPort: 81 }] }] }),
    patch: spec({
      '$setElementOrder/containers': [{ name: 'a' }],
      containers: [
        {
          name: 'a',
          '$setElementOrder/ports': [{ containerPort: 82 }, { containerPort: 80 }],
          ports: [{ containerPort: 82 }, { $patch: 'delete', containerPort: 81 }],
        },
      ],
    }),
    expected: spec({ containers: [{ ...a, ports: [{ containerPort: 82 }, { containerPort: 80 }] }] }),
  },
  'a list is replaced': {
    object: spec({ containers: [a, b] }),
    patch: spec({ containers: [c, { $patch: 'replace' }] }),
    expected: spec({ containers: [c] }),
  },
  'an atomic list is replaced without a directive': {
    object: spec({ tolerations: [{ key: 'a' }] }),
    patch: spec({ tolerations: [{ key: 'b' }] }),
    expected: spec({ tolerations: [{ key: 'b' }] }),
  },
  'words go from a list, and others come': {
    object: { metadata: { finalizers: ['x/a', 'x/b'] } },
    patch: {
      metadata: {
        '$deleteFromPrimitiveList/finalizers': ['x/a'],
        '$setElementOrder/finalizers': ['x/c', 'x/b'],
        finalizers: ['x/c'],
      },
    },
    expected: { metadata: { finalizers: ['x/c', 'x/b'] } },
  },
  'a volume changes its source': {
    object: spec({ volumes: [{ name: 'v', emptyDir: {} }] }),
    patch: spec({
      volumes: [{ $retainKeys: ['configMap', 'name'], configMap: { name: 'c' }, emptyDir: null, name: 'v' }],
    }),
    expected: spec({ volumes: [{ name: 'v', configMap: { name: 'c' } }] }),
  },
  'a strategy keeps only what a patch names': {
    shape: DEPLOYMENT,
    object: spec({ strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } }),
    patch: spec({ strategy: { $retainKeys: ['type'], type: 'Recreate' } }),
    expected: spec({ strategy: { type: 'Recreate' } }),
  },
  'ports of a service by their numbers': {
    shape: SERVICE,
    object: spec({
      ports: [
        { name: 'http', port: 80 },
        { name: 'old', port: 8080 },
      ],
    }),
    patch: spec({
      '$setElementOrder/ports': [{ port: 443 }, { port: 80 }],
      ports: [
        { name: 'https', port: 443 },
        { $patch: 'delete', port: 8080 },
      ],
    }),
    expected: spec({
      ports: [
        { name: 'https', port: 443 },
        { name: 'http', port: 80 },
      ],
    }),
  },
  'an object is replaced': {
    object: { metadata: { labels: { a: '1' } } },
    patch: { metadata: { labels: { $patch: 'replace', b: '2' } } },
    expected: { metadata: { labels: { b: '2' } } },
  },
  'an object is emptied': {
    object: spec({ securityContext: { runAsUser: 1 } }),
    patch: spec({ securityContext: { $patch: 'delete' } }),
    expected: spec({ securityContext: {} }),
  },
  'null removes a field, also in what is new': {
    object: { metadata: { labels: { a: '1', b: '2' } } },
    patch: { metadata: { labels: { a: null }, annotations: { x: null, y: 'z' } } },
    expected: { metadata: { labels: { b: '2' }, annotations: { y: 'z' } } },
  },
  'a map has its keys merged, whatever they are': {
    object: { metadata: { labels: { a: '1' } } },
    patch: JSON.parse('{"metadata":{"labels":{"__proto__":"p","constructor":"c"}}}'),
    expected: JSON.parse('{"metadata":{"labels":{"a":"1","__proto__":"p","constructor":"c"}}}'),
  },
}

describe('a strategic merge patch', () => {
  for (const [name, { shape = POD, object, patch, expected }] of Object.entries(rows)) {
    test(name, () => {
      const before = JSON.stringify(object)
      assert.deepEqual(strategicPatch(shape, object, patch), expected)
      assert.equal(JSON.stringify(object), before)
    })
  }

  test('that cannot be understood is refused', () => {
    const bad: readonly JsonObject[] = [
      { $patch: 'other' },
      spec({ containers: [{ image: 'x' }] }),
      spec({ containers: ['x'] }),
      spec({ '$setElementOrder/containers': 'x' }),
      { metadata: { '$deleteFromPrimitiveList/finalizers': 'x' } },
      spec({ strategy: { $retainKeys: 'x' } }),
      spec({ volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] }),
    ]
    for (const patch of bad) {
      assert.throws(
        () => strategicPatch(POD, {}, patch),
        error => isFault(error, 'BadRequest'),
        JSON.stringify(patch),
      )
    }
  })

  test('of many items takes time in proportion to them', { timeout: 20_000 }, () => {
    const items = (prefix: string) => Array.from({ length: 40_000 }, (_, index) => ({ name: `${prefix}${index}` }))
    const patch = spec({ containers: items('b'), '$setElementOrder/containers': items('b').toReversed() })
    const patched = strategicPatch(POD, spec({ containers: items('a') }), patch)
    assert.equal((patched['spec'] as { containers: readonly unknown[] }).containers.length, 80_000)
  })

  test('of anything is applied or refused, and changes nobody’s prototype', () => {
    const key = fc.constantFrom(
      'spec',
      'containers',
      'name',
      '$patch',
      '$retainKeys',
      '$setElementOrder/containers',
      '__proto__',
      'x',
    )
    const value = fc.letrec(tie => ({
      json: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, 'delete', 'replace', 'a', 1),
        fc.array(tie('json'), { maxLength: 3 }),
        tie('object'),
      ),
      object: fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map(Object.fromEntries),
    }))
    fc.assert(
      fc.property(value.object, value.object, (object, patch) => {
        try {
          strategicPatch(POD, object as JsonObject, patch as JsonObject)
        } catch (error) {
          assert.ok(isFault(error, 'BadRequest'), String(error))
        }
        assert.equal(({} as Record<string, unknown>)['x'], undefined)
      }),
      { numRuns: 500 },
    )
  })
})
