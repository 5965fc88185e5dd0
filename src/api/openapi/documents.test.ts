import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as models from '@kubernetes/client-node'
import {
  definitionName,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  type ObjectShape,
  RESOURCES,
  textAt,
} from '#schema'
import { Registry } from '../registry.ts'
import { OpenapiDocuments } from './documents.ts'
import { resourceDefinition } from './names.ts'
import { unpack } from './pack.ts'
import { objectSchema } from './schema.ts'

const documents = new OpenapiDocuments(new Registry(RESOURCES))

async function read(path: string): Promise<JsonObject> {
  const packed = path === 'v2' ? await documents.version2('json') : await documents.version3(path)
  return JSON.parse(Buffer.from(await unpack(packed!)).toString()) as JsonObject
}

async function paths(): Promise<readonly string[]> {
  return Object.keys((await documents.root())['paths'] as JsonObject)
}

function* within(value: Json | undefined): Generator<JsonObject> {
  if (Array.isArray(value)) for (const item of value) yield* within(item)
  if (!isJsonObject(value)) return
  yield value
  for (const item of Object.values(value)) yield* within(item)
}

function at(document: JsonObject, reference: string): Json | undefined {
  return jsonAt(document, ...reference.split('/').slice(1))
}

suite('every document', () => {
  test('has all that it refers to, and each operation once', async () => {
    for (const path of [...(await paths()), 'v2']) {
      const document = await read(path)
      const ids: string[] = []
      for (const value of within(document)) {
        if (typeof value['$ref'] === 'string')
          assert.ok(isJsonObject(at(document, value['$ref'])), `${path}: ${value['$ref']}`)
        if (typeof value['operationId'] === 'string') ids.push(value['operationId'])
      }
      assert.ok(ids.length > 0, path)
      assert.equal(new Set(ids).size, ids.length, `${path}: ${ids.filter((id, index) => ids.indexOf(id) !== index)}`)
    }
  })

  test('says what a key of a list is when it is left out', async () => {
    let count = 0
    for (const path of (await paths()).filter(each => each.split('/').length > 1)) {
      const document = await read(path)
      for (const value of within(document)) {
        const parent = textAt(value, 'x-kubernetes-list-type') === 'map' ? value : undefined
        const items = textAt(parent, 'items', '$ref')
        if (items === undefined || !/(?:Container|Service)Port$/.test(items)) continue
        assert.equal(jsonAt(at(document, items), 'properties', 'protocol', 'default'), 'TCP', items)
        count += 1
      }
    }
    assert.ok(count >= 2)
  })

  test('has every field of every shape, and names what is required', async () => {
    const seen = new Set<ObjectShape>()
    for (const resource of RESOURCES) {
      const path = resource.group === '' ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`
      const schemas = jsonAt(await read(path), 'components', 'schemas')
      const queue: [string, ObjectShape][] = [[resourceDefinition(resource), resource.shape]]
      for (const [name, shape] of queue) {
        if (seen.has(shape)) continue
        seen.add(shape)
        const schema = jsonAt(schemas, name)
        assert.deepEqual(Object.keys((jsonAt(schema, 'properties') ?? {}) as object), [...shape.fields.keys()], name)
        assert.deepEqual(jsonAt(schema, 'required') ?? [], [...shape.required], name)
        for (const field of shape.fields.values()) {
          const inner = field.kind === 'list' ? field.items : field.kind === 'map' ? field.values : field
          const inside = inner.kind === 'object' ? definitionName(inner) : undefined
          if (inner.kind === 'object' && inside !== undefined) queue.push([inside, inner])
        }
      }
    }
    assert.ok(seen.size > 100)
  })

  test('has the kinds that are served under the names that clients look for', async () => {
    const kinds = new Map<string, string>()
    for (const [name, schema] of Object.entries((await read('v2'))['definitions'] as JsonObject)) {
      for (const kind of (jsonAt(schema, 'x-kubernetes-group-version-kind') ?? []) as readonly JsonObject[]) {
        kinds.set([textAt(kind, 'group'), textAt(kind, 'version'), textAt(kind, 'kind')].join('/'), name)
      }
    }
    for (const { group, version, kind } of RESOURCES) assert.ok(kinds.has(`${group}/${version}/${kind}`), kind)
    assert.equal(kinds.get('apps/v1/Deployment'), 'io.k8s.api.apps.v1.Deployment')
    assert.equal(kinds.get('/v1/PodList'), 'io.k8s.api.core.v1.PodList')
    assert.equal(kinds.get('autoscaling/v1/Scale'), 'io.k8s.api.autoscaling.v1.Scale')
  })

  test('agrees with the models of @kubernetes/client-node', async () => {
    const schemas = jsonAt(await read('api/v1'), 'components', 'schemas')
    for (const name of ['Pod', 'PodSpec', 'Container', 'Probe', 'ServiceSpec', 'VolumeProjection']) {
      const model: unknown = Reflect.get(models, `V1${name}`)
      if (!(typeof model === 'function' && 'getAttributeTypeMap' in model)) continue
      const fields = (model as unknown as { getAttributeTypeMap(): { baseName: string }[] }).getAttributeTypeMap()
      const properties = jsonAt(schemas, `io.k8s.api.core.v1.${name}`, 'properties')
      if (properties === undefined) continue
      assert.deepEqual(Object.keys(properties as object).sort(), fields.map(({ baseName }) => baseName).sort(), name)
    }
  })
})

suite('a field', () => {
  test('is described by what it is for, rather than by what it holds', async () => {
    const schemas = jsonAt(await read('api/v1'), 'components', 'schemas')
    assert.deepEqual(jsonAt(schemas, 'io.k8s.api.core.v1.Pod', 'properties', 'spec'), {
      description: 'What is wanted.',
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
    })
    const part: ObjectShape = { ...RESOURCES[0]!.shape, id: 'part', description: 'A part.', fields: new Map() }
    const whole: ObjectShape = {
      ...part,
      id: 'whole',
      fields: new Map([['part', part]]),
      descriptions: new Map([['part', 'What the part is for.']]),
      required: new Set(),
    }
    const schema = objectSchema('v3', whole, { shapes: new Set(), wellKnown: new Set() })
    assert.equal(jsonAt(schema, 'properties', 'part', 'description'), 'What the part is for.')
  })
})

suite('a list', () => {
  test('says how its items are told from each other and merged', async () => {
    const schemas = jsonAt(await read('apis/apps/v1'), 'components', 'schemas')
    const containers = jsonAt(schemas, 'io.k8s.api.core.v1.PodSpec', 'properties', 'containers')
    assert.deepEqual(containers, {
      type: 'array',
      items: { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    })
    const volumes = jsonAt(schemas, 'io.k8s.api.core.v1.PodSpec', 'properties', 'volumes')
    assert.equal(jsonAt(volumes, 'x-kubernetes-patch-strategy'), 'merge,retainKeys')
    const strategy = jsonAt(schemas, 'io.k8s.api.apps.v1.DeploymentSpec', 'properties', 'strategy')
    assert.equal(jsonAt(strategy, 'x-kubernetes-patch-strategy'), 'retainKeys')
  })
})

suite('the hash of a document', () => {
  const hashes = async (resources: typeof RESOURCES): Promise<Record<string, string>> => {
    const { paths: found } = await new OpenapiDocuments(new Registry(resources)).root()
    return Object.fromEntries(
      Object.entries(found as JsonObject).map(([path, each]) => [path, textAt(each, 'serverRelativeURL') ?? '']),
    )
  }

  test('is that of its contents', async () => {
    const one = await hashes(RESOURCES)
    assert.deepEqual(await hashes(RESOURCES.toReversed()), one)
    const more = await hashes([...RESOURCES, { ...RESOURCES[0]!, group: 'tea.example', kind: 'Tea', plural: 'teas' }])
    assert.deepEqual(
      Object.keys(more).filter(path => more[path] !== one[path]),
      ['apis/tea.example', 'apis/tea.example/v1'],
    )
  })

  test('changes with the resources, and with nothing else', async () => {
    const registry = new Registry(RESOURCES)
    const kept = new OpenapiDocuments(registry)
    const first = await kept.version3('api/v1')
    assert.equal(await kept.version3('api/v1'), first)
    assert.equal(kept.version3('api/v2'), undefined)
  })
})
