import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { isJsonObject, type Json, jsonAt, listAt, textAt } from '#schema'
import { findKubectls, NO_KUBECTL } from '../../../test/kubectls.ts'
import { KubectlSession } from '../testing/kubectl.ts'
import { MemoryApi } from '../testing/memory-api.ts'

const kubectls = findKubectls()
const WEB = '/apis/apps/v1/namespaces/default/deployments/web'

function deployment(spec: object, containers: readonly object[] = [{ name: 'web', image: 'a' }]) {
  const labels = { app: 'web' }
  const template = { metadata: { labels }, spec: { containers } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', labels },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  }
}

function managers(object: Json): string[] {
  return listAt(object, 'metadata', 'managedFields').map(
    entry => `${textAt(entry, 'manager') ?? ''} ${textAt(entry, 'operation') ?? ''}`,
  )
}

if (kubectls.length === 0) test('kubectl applies', { skip: NO_KUBECTL }, () => {})

for (const program of kubectls) {
  test(`${basename(program)} applies on the server's side`, async () => {
    await using api = await MemoryApi.open()
    await using kubectl = await KubectlSession.open(program, api)
    const ports = [{ containerPort: 80, name: 'http' }]
    const file = kubectl.file('web', deployment({ replicas: 2 }, [{ name: 'web', image: 'a', ports }]))
    const made = await kubectl.run('apply', '--server-side', '-f', file)
    assert.equal(made.out, 'deployment.apps/web serverside-applied\n', made.err)
    const { body } = await api.get(WEB)
    assert.deepEqual(managers(body), ['kubectl Apply'])
    assert.equal((await kubectl.run('apply', '--server-side', '-f', file)).code, 0)
    assert.deepEqual((await api.get(WEB)).body, body)
    assert.equal((await kubectl.run('diff', '--server-side', '-f', file)).code, 0)

    const other = JSON.stringify([{ op: 'remove', path: '/spec/paused' }])
    const misfit = await kubectl.run('patch', 'deployment', 'web', '--type=json', '-p', other)
    assert.match(misfit.err, /^The request is invalid: the server rejected our request .*: .* path that does not exist/)

    const mine = kubectl.file('mine', deployment({ replicas: 5 }))
    const diff = await kubectl.run('diff', '--server-side', '--force-conflicts', '--field-manager=mine', '-f', mine)
    assert.equal(diff.code, 1, diff.err)
    assert.match(diff.out, /-\s+replicas: 2\n\+\s+replicas: 5/)
    const refused = await kubectl.run('apply', '--server-side', '--field-manager=mine', '-f', mine)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /Apply failed with 1 conflict: conflict with "kubectl": \.spec\.replicas/)
    assert.match(refused.err, /--force-conflicts/)
    const forced = await kubectl.run('apply', '--server-side', '--force-conflicts', '--field-manager=mine', '-f', mine)
    assert.equal(forced.code, 0, forced.err)
    const shown = await kubectl.run('get', 'deployment', 'web', '-o', 'yaml', '--show-managed-fields')
    assert.match(shown.out, /managedFields:\n {2}- apiVersion: apps\/v1\n {4}fieldsType: FieldsV1/)
    assert.match(shown.out, /k:\{"containerPort":80,"protocol":"TCP"\}:/)
    assert.match(shown.out, /manager: mine\n {4}operation: Apply/)
    const twice = deployment({}, [{ name: 'web', image: 'a', env: [{ name: 'E' }, { name: 'E' }] }])
    const wrong = await kubectl.run('apply', '--server-side', '-f', kubectl.file('twice', twice))
    assert.match(wrong.err, /duplicate entries for key \[name="E"\]/)
  })

  test(`${basename(program)} goes from the client's side to the server's and back`, async () => {
    await using api = await MemoryApi.open()
    await using kubectl = await KubectlSession.open(program, api)
    const old = deployment({ replicas: 2, minReadySeconds: 4 }, [
      { name: 'web', image: 'a', env: [{ name: 'X', value: '1' }] },
      { name: 'log', image: 'b' },
    ])
    const first = await kubectl.run('apply', '-f', kubectl.file('web', old))
    assert.equal(first.out, 'deployment.apps/web created\n', first.err)
    assert.deepEqual(managers((await api.get(WEB)).body), ['kubectl-client-side-apply Update'])
    const now = kubectl.file('web', deployment({ replicas: 3 }, [{ name: 'web', image: 'c' }]))
    const second = await kubectl.run('apply', '--server-side', '-f', now)
    assert.equal(second.code, 0, second.err)
    const { body } = await api.get(WEB)
    assert.equal(managers(body)[0], 'kubectl Apply')
    assert.equal(jsonAt(body, 'spec', 'replicas'), 3)
    const containers = listAt(body, 'spec', 'template', 'spec', 'containers')
    assert.deepEqual(
      containers.map(container => [textAt(container, 'name'), textAt(container, 'image')]),
      [['web', 'c']],
    )
    assert.deepEqual([listAt(containers[0], 'env'), jsonAt(body, 'spec', 'minReadySeconds')], [[], undefined])
    const back = await kubectl.run('apply', '-f', kubectl.file('web', deployment({ replicas: 4 })))
    assert.equal(back.code, 0, back.err)
    assert.equal(jsonAt((await api.get(WEB)).body, 'spec', 'replicas'), 4)
  })

  test(`${basename(program)} patches what has changed, three ways`, async () => {
    await using api = await MemoryApi.open()
    await using kubectl = await KubectlSession.open(program, api)
    const metadata = { name: 'x', namespace: 'default' }
    const pod = (containers: readonly object[], volumes: readonly object[]) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers, volumes },
    })
    const v = { name: 'v', emptyDir: {} }
    const made = await kubectl.run('apply', '-f', kubectl.file('pod', pod([{ name: 'a', image: 'a' }], [v])))
    assert.equal(made.code, 0, made.err)
    await kubectl.run('label', 'pod', 'x', 'by=others')
    const changed = await kubectl.run('apply', '-f', kubectl.file('pod', pod([{ name: 'a', image: 'b' }], [v])))
    assert.equal(changed.code, 0, changed.err)
    const { body } = await api.get('/api/v1/namespaces/default/pods/x')
    assert.equal(textAt(body, 'metadata', 'labels', 'by'), 'others')
    assert.equal(textAt(listAt(body, 'spec', 'containers')[0], 'image'), 'b')
    assert.deepEqual(managers(body).toSorted(), ['kubectl-client-side-apply Update', 'kubectl-label Update'])

    const service = (ports: readonly object[]) => ({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } })
    const served = await api.get('/api/v1')
    const isServed = listAt(served.body, 'resources').some(resource => textAt(resource, 'name') === 'services')
    if (!isServed) return
    const two = service([
      { name: 'a', port: 80 },
      { name: 'b', port: 81 },
    ])
    await kubectl.run('apply', '-f', kubectl.file('service', two))
    const other = service([
      { name: 'c', port: 82 },
      { name: 'a', port: 80, targetPort: 8080 },
    ])
    const replaced = await kubectl.run('apply', '-f', kubectl.file('service', other))
    assert.equal(replaced.code, 0, replaced.err)
    const ports = listAt((await api.get('/api/v1/namespaces/default/services/x')).body, 'spec', 'ports')
    assert.deepEqual(
      ports.map(port => jsonAt(port, 'port')),
      [82, 80],
    )
    assert.equal(isJsonObject(ports[1]) ? ports[1]['targetPort'] : undefined, 8080)
  })
}
