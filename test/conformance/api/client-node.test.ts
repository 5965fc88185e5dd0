import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
} from '@kubernetes/client-node'
import { TestServer } from './testing/server.ts'

const DEFAULT = { namespace: 'default' }

/** A config of the client for a server. */
function configOf(server: TestServer): KubeConfig {
  const config = new KubeConfig()
  config.loadFromFile(server.kubeconfig)
  return config
}

test('an informer of @kubernetes/client-node sees every change once, through a restart of the server', async () => {
  await using server = await TestServer.open()
  const config = configOf(server)
  const core = config.makeApiClient(CoreV1Api)
  const make = (name: string) => core.createNamespacedConfigMap({ ...DEFAULT, body: { metadata: { name } } })
  await make('a')
  const list = () => core.listNamespacedConfigMap(DEFAULT)
  const informer = makeInformer(config, '/api/v1/namespaces/default/configmaps', list)
  const seen: string[] = []
  let lists = 0
  let wake = (): void => undefined
  const note = (what: string) => (map: V1ConfigMap) => {
    seen.push(`${what} ${map.metadata?.name}`)
    wake()
  }
  const until = async (count: number): Promise<void> => {
    while (seen.length < count) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  informer.on('add', note('add'))
  informer.on('update', note('update'))
  informer.on('delete', note('delete'))
  informer.on('connect', () => void (lists += 1))
  let isOver = false
  informer.on('error', () => {
    if (!isOver) setTimeout(() => void informer.start(), 50)
  })
  await informer.start()
  await until(1)
  await make('b')
  await until(2)
  await server.stop()
  await server.start()
  await make('c')
  await core.deleteNamespacedConfigMap({ ...DEFAULT, name: 'a' })
  await until(4)
  isOver = true
  await informer.stop()
  assert.deepEqual(seen, ['add a', 'add b', 'add c', 'delete a'])
  assert(lists >= 2)
})

test('@kubernetes/client-node writes, patches in every way and reads', async () => {
  await using server = await TestServer.open()
  const config = configOf(server)
  const core = config.makeApiClient(CoreV1Api)
  const made = await core.createNamespacedConfigMap({
    ...DEFAULT,
    body: { metadata: { generateName: 'map-', labels: { app: 'web' } }, data: { x: '1' } },
  })
  const name = made.metadata?.name ?? ''
  assert.match(name, /^map-[a-z0-9]{5}$/)
  const patch = (body: object, type: string) =>
    core.patchNamespacedConfigMap({ ...DEFAULT, name, body }, setHeaderOptions('Content-Type', type))
  await patch({ data: { y: '2' } }, PatchStrategy.MergePatch)
  await patch([{ op: 'add', path: '/data/z', value: '3' }], PatchStrategy.JsonPatch)
  const { data } = await patch({ data: { x: null } }, PatchStrategy.StrategicMergePatch)
  assert.deepEqual(data, { y: '2', z: '3' })
  const listed = await core.listNamespacedConfigMap({ ...DEFAULT, labelSelector: 'app=web', limit: 10 })
  assert.deepEqual(
    listed.items.map(item => item.metadata?.name),
    [name],
  )
  await assert.rejects(core.replaceNamespacedConfigMap({ ...DEFAULT, name, body: made }), { code: 409 })
  await assert.rejects(core.readNamespacedConfigMap({ ...DEFAULT, name: 'none' }), { code: 404 })
  const objects = KubernetesObjectApi.makeApiClient(config)
  const read = await objects.read({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })
  assert.equal(read.metadata?.name, name)
  await core.deleteCollectionNamespacedConfigMap(DEFAULT)
  assert.deepEqual((await core.listNamespacedConfigMap(DEFAULT)).items, [])
})
