import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { customResources, type JsonObject, type KubeObject, RESOURCES, type Resource } from '#schema'
import { ObjectStore } from '../store/object-store.ts'
import { StillClock } from '../testing/still-clock.ts'
import { DELETE_PLAINLY } from './deletion.ts'
import { Objects } from './objects.ts'

const never = new AbortController().signal
const options = { unknowns: 'Ignore', isDryRun: false } as const

function resourceOf(plural: string): Resource {
  const found = RESOURCES.find(each => each.plural === plural)
  assert.ok(found)
  return found
}

const DEFINITIONS = resourceOf('customresourcedefinitions')

function definition(name: string): JsonObject {
  const names = { plural: name, singular: name.slice(0, -1), kind: 'Widget', listKind: 'WidgetList' }
  const schema = { openAPIV3Schema: { type: 'object' } }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${name}.a.example`, finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
    spec: {
      group: 'a.example',
      scope: 'Namespaced',
      names,
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
}

test('two servers: one that has not heard that a definition goes makes no object that stays behind', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  const server = () =>
    new Objects({ store: new ObjectStore(keyspace), clock: new StillClock(), entropy: machineWorld.entropy })
  const [here, there] = [server(), server()]
  await here.create(resourceOf('namespaces'), NAMELESS, { body: { metadata: { name: 'default' } }, options }, never)
  const { object } = await here.create(DEFINITIONS, NAMELESS, { body: definition('widgets'), options }, never)
  const status = { acceptedNames: (object['spec'] as JsonObject)['names']!, conditions: [ESTABLISHED] }
  // What a server knows that does not hear of anything that follows.
  const [widgets] = customResources({ ...object, status } as KubeObject)
  assert.ok(widgets)
  const make = (objects: Objects, name: string) => {
    const body = { apiVersion: 'a.example/v1', kind: 'Widget', metadata: { name } }
    return objects.create(widgets, { namespace: 'default', name: undefined }, { body, options }, never)
  }
  await make(there, 'first')
  const place = { namespace: undefined, name: 'widgets.a.example' }
  const touch = (old: KubeObject) => ({ ...old, metadata: { ...old.metadata, labels: { touched: 'yes' } } })
  await here.change(DEFINITIONS, place, { wanted: undefined, isDryRun: false, run: touch }, never)
  await make(there, 'second')

  await here.delete(DEFINITIONS, place, DELETE_PLAINLY, never)
  await assert.rejects(make(there, 'third'), error => isFault(error, 'MethodNotAllowed'))
  const left = (old: KubeObject) => ({ ...old, metadata: { ...old.metadata, finalizers: [] } })
  await here.change(DEFINITIONS, place, { wanted: undefined, isDryRun: false, run: left }, never)
  await assert.rejects(make(there, 'fourth'), error => isFault(error, 'NotFound'))
  const { objects } = await here.store.page(widgets, { namespace: undefined }, never)
  assert.deepEqual(
    objects.map(({ metadata }) => metadata.name),
    ['first', 'second'],
  )
})

const NAMELESS = { namespace: undefined, name: undefined } as const
const ESTABLISHED = { type: 'Established', status: 'True', reason: 'x', message: '', lastTransitionTime: '' }
