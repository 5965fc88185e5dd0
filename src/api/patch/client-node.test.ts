import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ApiException, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node'
import { KubectlSession } from '../testing/kubectl.ts'
import { MemoryApi } from '../testing/memory-api.ts'

interface ConfigMap {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly data: Readonly<Record<string, string>>
}

test('client-node applies, is refused by a conflict, and forces it', async () => {
  await using api = await MemoryApi.open()
  await using session = await KubectlSession.open('', api)
  const config = new KubeConfig()
  config.loadFromFile(join(session.folder, 'kubeconfig'))
  const cluster = config.getCurrentCluster()
  assert.ok(cluster !== null)
  // It speaks to no server without TLS otherwise.
  config.loadFromClusterAndUser({ ...cluster, skipTLSVerify: true }, { name: 'u' })
  const client = KubernetesObjectApi.makeApiClient(config)
  const object = (data: Record<string, string>): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm', namespace: 'default' },
    data,
  })
  const apply = (data: Record<string, string>, manager: string, isForced: boolean) =>
    client.patch(object(data), undefined, undefined, manager, isForced, PatchStrategy.ServerSideApply)

  const made = await apply({ a: '1', b: '2' }, 'one', false)
  assert.deepEqual(made.data, { a: '1', b: '2' })
  await assert.rejects(apply({ a: '9' }, 'two', false), (error: unknown) => {
    assert.ok(error instanceof ApiException)
    assert.equal(error.code, 409)
    assert.match(String(error.body), /conflict with \\"one\\": \.data\.a/)
    return true
  })
  const forced = await apply({ a: '9' }, 'two', true)
  assert.deepEqual(forced.data, { a: '9', b: '2' })
  const less = await apply({}, 'one', false)
  assert.deepEqual(less.data, { a: '9' })
})
