import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { runSteps } from '#base'
import { isJsonObject, type Json, type JsonObject, listAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectShape } from '../shape.ts'
import { kubernetesShape } from '../shapes/read.ts'
import { applyFields } from './apply.ts'
import { managerText } from './managers.ts'
import { pathText } from './path.ts'
import { applyProblems } from './problems.ts'
import { type FieldManager, notingUpdate } from './update.ts'

const DEPLOYMENT = kubernetesShape('V1Deployment')
const SERVICE = kubernetesShape('V1Service')
const POD = kubernetesShape('V1Pod')

const meta = { name: 'x', namespace: 'default', uid: 'u', creationTimestamp: 't' }

function objectOf(parts: JsonObject): KubeObject {
  const metadata = isJsonObject(parts['metadata']) ? parts['metadata'] : {}
  return { ...parts, apiVersion: 'apps/v1', kind: 'X', metadata: { ...meta, ...metadata } } as KubeObject
}

function by(name: string, more: Partial<FieldManager> = {}): FieldManager {
  return { name, apiVersion: 'apps/v1', subresource: '', part: 'object', time: '2026-01-01T00:00:00Z', ...more }
}

interface Step {
  readonly live: KubeObject | undefined
  readonly config: JsonObject
  readonly as: string | FieldManager
  readonly isForced?: boolean
}

function applied(shape: ObjectShape, { live, config, as, isForced = false }: Step): KubeObject {
  const manager = typeof as === 'string' ? by(as) : as
  const result = applyFields({ shape, live, config: objectOf(config), by: manager, isForced })
  if (!result.ok) assert.fail(result.conflicts.map(({ path }) => pathText(path)).join())
  return result.object
}

function conflicts(shape: ObjectShape, { live, config, as }: Step & { readonly as: string }): string[] {
  const result = applyFields({ shape, live, config: objectOf(config), by: by(as), isForced: false })
  return result.ok ? [] : result.conflicts.map(({ manager, path }) => `${managerText(manager)}: ${pathText(path)}`)
}

function updated(
  shape: ObjectShape,
  old: KubeObject | undefined,
  parts: JsonObject,
  as: string | FieldManager,
): KubeObject {
  const managedFields = old?.metadata['managedFields']
  const now = objectOf({ ...parts, metadata: { managedFields, ...(parts['metadata'] as JsonObject) } })
  const manager = typeof as === 'string' ? by(as) : as
  const fields = runSteps(notingUpdate({ shape, old, now, by: manager }))
  return { ...now, metadata: { ...now.metadata, managedFields: fields } }
}

function fieldsOf(object: KubeObject, name: string): Json | undefined {
  const entries = object.metadata['managedFields'] as readonly JsonObject[] | undefined
  return entries?.find(({ manager }) => manager === name)?.['fieldsV1']
}

const specOf = (object: KubeObject) => object['spec'] as Record<string, never>

describe('server-side apply', () => {
  test('what a manager no longer applies goes, when nobody else has it', () => {
    const first = applied(DEPLOYMENT, { live: undefined, config: { spec: { replicas: 1, paused: true } }, as: 'a' })
    const shared = applied(DEPLOYMENT, { live: first, config: { spec: { paused: true } }, as: 'b' })
    const second = applied(DEPLOYMENT, { live: shared, config: { spec: { minReadySeconds: 3 } }, as: 'a' })
    assert.deepEqual(second['spec'], { paused: true, minReadySeconds: 3 })
    assert.deepEqual(fieldsOf(second, 'a'), { 'f:spec': { 'f:minReadySeconds': {} } })
    assert.deepEqual(fieldsOf(second, 'b'), { 'f:spec': { 'f:paused': {} } })
  })

  test('a field that an update set is not taken away by an applier who shared it', () => {
    const live = updated(DEPLOYMENT, undefined, { spec: { replicas: 2, paused: true } }, 'scaler')
    const shared = applied(DEPLOYMENT, { live, config: { spec: { replicas: 2 } }, as: 'a' })
    assert.deepEqual(applied(DEPLOYMENT, { live: shared, config: {}, as: 'a' })['spec'], { replicas: 2, paused: true })
  })

  test('the same again changes nothing, not even the time', () => {
    const config = {
      metadata: { labels: { a: 'b' } },
      spec: { replicas: 1, template: { spec: { containers: [{ name: 'c', image: 'i' }] } } },
    }
    const first = applied(DEPLOYMENT, { live: undefined, config, as: 'a' })
    const again = applied(DEPLOYMENT, { live: first, config, as: by('a', { time: '2027-01-01T00:00:00Z' }) })
    assert.deepEqual(again, first)
  })

  test('items of lists are told by their keys, with defaults for those left out', () => {
    const live = updated(
      SERVICE,
      undefined,
      { spec: { ports: [{ port: 80, protocol: 'TCP', name: 'http' }] } },
      'kubectl-create',
    )
    const config = {
      spec: {
        ports: [
          { port: 80, name: 'http' },
          { port: 80, protocol: 'UDP' },
        ],
      },
    }
    const now = applied(SERVICE, { live, config, as: 'a' })
    assert.deepEqual(specOf(now)['ports'], [
      { port: 80, protocol: 'TCP', name: 'http' },
      { port: 80, protocol: 'UDP' },
    ])
    const item = { '.': {}, 'f:name': {}, 'f:port': {} }
    assert.deepEqual(fieldsOf(now, 'a'), {
      'f:spec': {
        'f:ports': {
          'k:{"port":80,"protocol":"TCP"}': item,
          'k:{"port":80,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} },
        },
      },
    })
    const less = applied(SERVICE, { live: now, config: { spec: { ports: [{ port: 80, name: 'http' }] } }, as: 'a' })
    assert.deepEqual(specOf(less)['ports'], [{ port: 80, protocol: 'TCP', name: 'http' }])
  })

  test('items of others stay where they were, and the order is the one applied', () => {
    const names = (object: KubeObject) => listAt(object, 'spec', 'volumes').map(volume => textAt(volume, 'name'))
    const of = (...all: string[]) => ({ spec: { volumes: all.map(name => ({ name })) } })
    const live = updated(POD, undefined, of('a', 'b', 'c', 'd'), 'u')
    assert.deepEqual(names(applied(POD, { live, config: of('d', 'n', 'b'), as: 'm' })), ['a', 'c', 'd', 'n', 'b'])
    assert.deepEqual(names(applied(POD, { live, config: of('n'), as: 'm' })), ['a', 'b', 'c', 'd', 'n'])
  })

  test('sets hold each word once, whoever gives it', () => {
    const first = applied(POD, { live: undefined, config: { metadata: { finalizers: ['x/a', 'x/b'] } }, as: 'a' })
    const second = applied(POD, { live: first, config: { metadata: { finalizers: ['x/b', 'x/c'] } }, as: 'b' })
    assert.deepEqual(second.metadata.finalizers, ['x/a', 'x/b', 'x/c'])
    const third = applied(POD, { live: second, config: { metadata: { labels: { l: 'v' } } }, as: 'a' })
    assert.deepEqual(third.metadata.finalizers, ['x/b', 'x/c'])
    assert.deepEqual(fieldsOf(third, 'b'), { 'f:metadata': { 'f:finalizers': { 'v:"x/b"': {}, 'v:"x/c"': {} } } })
  })

  test('atomic lists, maps and types belong to one manager as a whole', () => {
    const spec = { nodeSelector: { a: '1' }, tolerations: [{ key: 'k' }], containers: [{ name: 'c', args: ['x'] }] }
    const first = applied(POD, { live: undefined, config: { spec }, as: 'a' })
    assert.deepEqual(fieldsOf(first, 'a'), {
      'f:spec': {
        'f:containers': { 'k:{"name":"c"}': { '.': {}, 'f:args': {}, 'f:name': {} } },
        'f:nodeSelector': {},
        'f:tolerations': {},
      },
    })
    const config = { spec: { nodeSelector: { b: '2' } } }
    assert.deepEqual(conflicts(POD, { live: first, config, as: 'b' }), ['"a": .spec.nodeSelector'])
    const second = applied(POD, { live: first, config, as: 'b', isForced: true })
    assert.deepEqual(specOf(second)['nodeSelector'], { b: '2' })
    assert.deepEqual(Object.keys((fieldsOf(second, 'a') as never)['f:spec']), ['f:containers', 'f:tolerations'])
  })

  test('an applier of a status has the status only, and an applier of the object all else', () => {
    const first = applied(DEPLOYMENT, {
      live: undefined,
      config: { spec: { replicas: 1 }, status: { replicas: 9 } },
      as: by('a', { part: 'spec' }),
    })
    assert.deepEqual(fieldsOf(first, 'a'), { 'f:spec': { 'f:replicas': {} } })
    const live = { ...first, status: { replicas: 1 } }
    const status = { spec: { replicas: 7 }, status: { readyReplicas: 2 } }
    const second = applied(DEPLOYMENT, { live, config: status, as: by('s', { part: 'status', subresource: 'status' }) })
    assert.deepEqual([second['spec'], second['status']], [{ replicas: 1 }, { replicas: 1, readyReplicas: 2 }])
    assert.deepEqual(fieldsOf(second, 's'), { 'f:status': { 'f:readyReplicas': {} } })
  })

  test('what was there before the first apply belongs to nobody who applies', () => {
    const live = objectOf({ spec: { replicas: 3, paused: true } })
    const config = { spec: { replicas: 4 } }
    assert.deepEqual(conflicts(DEPLOYMENT, { live, config, as: 'a' }), [
      '"before-first-apply" using apps/v1: .spec.replicas',
    ])
    assert.deepEqual(applied(DEPLOYMENT, { live, config, as: 'a', isForced: true })['spec'], {
      replicas: 4,
      paused: true,
    })
  })

  test('kubectl takes over what it has applied on the client side', () => {
    const wanted = { apiVersion: 'apps/v1', kind: 'X', metadata: { name: 'x' }, spec: { replicas: 1, paused: false } }
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(wanted) }
    const old = updated(
      DEPLOYMENT,
      undefined,
      { metadata: { annotations }, spec: wanted.spec },
      'kubectl-client-side-apply',
    )
    const config = { metadata: { name: 'x' }, spec: { replicas: 5, paused: false } }
    assert.equal(conflicts(DEPLOYMENT, { live: old, config, as: 'other' }).length, 1)
    const now = applied(DEPLOYMENT, { live: old, config, as: 'kubectl' })
    assert.deepEqual(now['spec'], { replicas: 5, paused: false })
    const noted = now.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] ?? ''
    assert.equal(JSON.parse(noted).spec.replicas, 5)
    const scaled = updated(
      DEPLOYMENT,
      old,
      { metadata: { annotations }, spec: { replicas: 9, paused: false } },
      'scaler',
    )
    assert.deepEqual(conflicts(DEPLOYMENT, { live: scaled, config, as: 'kubectl' }), [
      '"scaler" using apps/v1: .spec.replicas',
    ])
  })

  test('fields that a custom resource keeps unknown are owned by their keys', () => {
    const shape: ObjectShape = {
      ...POD,
      id: 'c',
      name: 'C',
      fields: new Map([['metadata', kubernetesShape('V1ObjectMeta')]]),
      keepsUnknown: true,
    }
    const first = applied(shape, { live: undefined, config: { spec: { a: { b: 1, c: [1] } } }, as: 'a' })
    const second = applied(shape, { live: first, config: { spec: { a: { d: 2 } } }, as: 'b' })
    assert.deepEqual(second['spec'], { a: { b: 1, c: [1], d: 2 } })
    assert.deepEqual(applied(shape, { live: second, config: {}, as: 'a' })['spec'], { a: { d: 2 } })
  })
})

describe('conflicts', () => {
  const spec = {
    replicas: 1,
    template: { spec: { containers: [{ name: 'web', image: 'a', env: [{ name: 'E', value: '1' }] }] } },
  }
  const live = applied(DEPLOYMENT, { live: undefined, config: { metadata: { labels: { l: '1' } }, spec }, as: 'a' })
  const of = (container: JsonObject) => ({
    spec: { template: { spec: { containers: [{ name: 'web', ...container }] } } },
  })
  const at = '.spec.template.spec.containers[name="web"]'
  const rows: readonly (readonly [string, JsonObject, readonly string[]])[] = [
    ['another value', { spec: { replicas: 2 } }, ['"a": .spec.replicas']],
    ['the same value', { spec: { replicas: 1 } }, []],
    ['a field nobody has', { spec: { paused: true } }, []],
    ['a label', { metadata: { labels: { l: '2' } } }, ['"a": .metadata.labels.l']],
    ['another label', { metadata: { labels: { m: '2' } } }, []],
    ['an image', of({ image: 'b' }), [`"a": ${at}.image`]],
    ['a variable', of({ env: [{ name: 'E', value: '2' }] }), [`"a": ${at}.env[name="E"].value`]],
    ['another variable', of({ env: [{ name: 'F', value: '2' }] }), []],
    [
      'two fields',
      { spec: { replicas: 3 }, metadata: { labels: { l: '3' } } },
      ['"a": .metadata.labels.l', '"a": .spec.replicas'],
    ],
  ]
  for (const [name, config, expected] of rows) {
    test(name, () => assert.deepEqual(conflicts(DEPLOYMENT, { live, config, as: 'b' }).toSorted(), expected))
  }
})

test('items without keys, and items of the same keys, cannot be applied', () => {
  const env = [{ name: 'E' }, { name: 'E' }]
  const spec = {
    containers: [
      { name: 'c', env, ports: [{ protocol: 'TCP' }, { containerPort: 1 }, { containerPort: 1, protocol: 'TCP' }] },
    ],
  }
  assert.deepEqual(applyProblems(POD, { spec }), [
    '.spec.containers[name="c"].env: duplicate entries for key [name="E"]',
    `.spec.containers[name="c"].ports: element 0: associative list with keys has an element that omits key field "containerPort" (and doesn't have default value)`,
    '.spec.containers[name="c"].ports: duplicate entries for key [containerPort=1,protocol="TCP"]',
  ])
})

describe('managers after an update', () => {
  test('a field is of the last who changed it, and time stays when nothing changes', () => {
    const first = updated(DEPLOYMENT, undefined, { spec: { replicas: 1, paused: true } }, 'a')
    const second = updated(
      DEPLOYMENT,
      first,
      { spec: { replicas: 2, paused: true } },
      by('b', { time: '2026-01-02T00:00:00Z' }),
    )
    assert.deepEqual(fieldsOf(second, 'a'), { 'f:spec': { '.': {}, 'f:paused': {} } })
    assert.deepEqual(fieldsOf(second, 'b'), { 'f:spec': { 'f:replicas': {} } })
    const third = updated(
      DEPLOYMENT,
      second,
      { spec: { replicas: 2, paused: true } },
      by('c', { time: '2026-01-03T00:00:00Z' }),
    )
    assert.deepEqual(third.metadata['managedFields'], second.metadata['managedFields'])
  })

  test('a removed field is nobody’s', () => {
    const first = updated(DEPLOYMENT, undefined, { spec: { replicas: 1, paused: true } }, 'a')
    const second = updated(DEPLOYMENT, first, { spec: { replicas: 1 } }, 'b')
    assert.deepEqual(fieldsOf(second, 'a'), { 'f:spec': { '.': {}, 'f:replicas': {} } })
    assert.equal(fieldsOf(second, 'b'), undefined)
  })

  test('one empty entry has all forgotten, until the next apply', () => {
    const first = updated(DEPLOYMENT, undefined, { spec: { replicas: 1 } }, 'a')
    for (const managedFields of [[], [{}]]) {
      const reset = updated(DEPLOYMENT, first, { metadata: { managedFields }, spec: { replicas: 2 } }, 'a')
      assert.equal(reset.metadata['managedFields'], undefined)
      assert.equal(updated(DEPLOYMENT, reset, { spec: { replicas: 3 } }, 'a').metadata['managedFields'], undefined)
    }
  })

  test('entries that cannot be read leave those of the object', () => {
    const first = updated(DEPLOYMENT, undefined, { spec: { replicas: 1 } }, 'a')
    for (const entry of [
      { manager: 'x' },
      1,
      { manager: 'x', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV2' },
    ]) {
      const sent = updated(DEPLOYMENT, first, { metadata: { managedFields: [entry] }, spec: { replicas: 1 } }, 'b')
      assert.deepEqual(sent.metadata['managedFields'], first.metadata['managedFields'])
    }
  })

  test('more than ten updaters become one for the oldest', () => {
    let live: KubeObject | undefined
    const labels: Record<string, string> = {}
    for (let index = 0; index < 15; index += 1) {
      labels[`l${index}`] = 'x'
      const time = `2026-01-01T00:00:${String(index).padStart(2, '0')}Z`
      live = updated(POD, live, { metadata: { labels: { ...labels } } }, by(`m${index}`, { time }))
    }
    assert.ok(live !== undefined)
    const entries = live.metadata['managedFields'] as readonly JsonObject[]
    assert.equal(entries.length, 10)
    assert.equal(entries[0]?.['manager'], 'ancient-changes')
    assert.equal(Object.keys((fieldsOf(live, 'ancient-changes') as never)['f:metadata']['f:labels']).length, 7)
  })
})

const configs = fc.record(
  {
    replicas: fc.integer({ min: 0, max: 3 }),
    paused: fc.boolean(),
    labels: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2'), { maxKeys: 3 }),
    ports: fc.uniqueArray(
      fc.record({ containerPort: fc.integer({ min: 1, max: 4 }), name: fc.constantFrom('x', 'y') }),
      {
        selector: port => port.containerPort,
        maxLength: 3,
      },
    ),
    finalizers: fc.uniqueArray(fc.constantFrom('x/a', 'x/b', 'x/c')),
  },
  { requiredKeys: [] },
)

function configOf({ labels, ports, finalizers, ...spec }: Record<string, unknown>): JsonObject {
  const template = ports === undefined ? {} : { template: { spec: { containers: [{ name: 'c', ports }] } } }
  const metadata = { ...(labels === undefined ? {} : { labels }), ...(finalizers === undefined ? {} : { finalizers }) }
  return { metadata, spec: { ...spec, ...template } } as JsonObject
}

test('applying one object and then another leaves what applying the other alone makes', () => {
  fc.assert(
    fc.property(configs, configs, (one, other) => {
      const alone = applied(DEPLOYMENT, { live: undefined, config: configOf(other), as: 'a' })
      const first = applied(DEPLOYMENT, { live: undefined, config: configOf(one), as: 'a' })
      const then = applied(DEPLOYMENT, { live: first, config: configOf(other), as: 'a' })
      assert.deepEqual(pure(then), pure(alone))
      assert.deepEqual(fieldsOf(then, 'a'), fieldsOf(alone, 'a'))
    }),
    { numRuns: 300 },
  )
})

test('whoever forces his fields has them, and no two appliers have fields of other values', () => {
  fc.assert(
    fc.property(configs, configs, configs, (one, other, last) => {
      const first = applied(DEPLOYMENT, { live: undefined, config: configOf(one), as: 'a' })
      const second = applied(DEPLOYMENT, { live: first, config: configOf(other), as: 'b', isForced: true })
      const alone = applied(DEPLOYMENT, { live: undefined, config: configOf(other), as: 'b' })
      assert.deepEqual(fieldsOf(second, 'b'), fieldsOf(alone, 'b'))
      assert.deepEqual(conflicts(DEPLOYMENT, { live: second, config: configOf(other), as: 'b' }), [])
      const third = applied(DEPLOYMENT, { live: second, config: configOf(last), as: 'a', isForced: true })
      assert.deepEqual(pure(applied(DEPLOYMENT, { live: third, config: configOf(last), as: 'a' })), pure(third))
      const left = applied(DEPLOYMENT, { live: third, config: {}, as: 'b' })
      assert.deepEqual(conflicts(DEPLOYMENT, { live: left, config: configOf(last), as: 'a' }), [])
    }),
    { numRuns: 300 },
  )
})

// Empty maps and lists stay where a type's fields were; they say nothing.
function pure(value: Json | undefined): Json | undefined {
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map(item => pure(item) ?? null).toSorted(byText)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value)
    .map(([key, item]) => [key, pure(item)] as const)
    .filter(([key, item]) => item !== undefined && key !== 'managedFields')
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function byText(a: Json, b: Json): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
