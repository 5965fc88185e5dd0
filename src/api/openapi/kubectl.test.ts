import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { jsonAt, listAt } from '#schema'
import { findKubectls, NO_KUBECTL } from '../../../test/kubectls.ts'
import { KubectlSession } from '../testing/kubectl.ts'
import { MemoryApi } from '../testing/memory-api.ts'

const kubectls = findKubectls()

function deployment(spec: object, containers: readonly object[]) {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
      ...spec,
    },
  }
}

if (kubectls.length === 0) test('kubectl reads the documents', { skip: NO_KUBECTL }, () => {})

for (const program of kubectls) {
  test(`${basename(program)} explains kinds, from both versions of the documents`, async () => {
    await using api = await MemoryApi.open()
    await using kubectl = await KubectlSession.open(program, api)
    const [field, all, old] = await Promise.all([
      kubectl.run('explain', 'deployment.spec.template.spec.containers.ports'),
      kubectl.run('explain', 'pod', '--recursive'),
      kubectl.run('explain', 'pod', '--recursive', '--output', 'plaintext-openapiv2'),
    ])
    assert.match(field.out, /FIELD: ports <\[\]ContainerPort>/, field.err)
    assert.match(field.out, /containerPort\s+<integer> -required-/)
    assert.match(all.out, /DESCRIPTION:\s+Containers that run together on one machine\./, all.err)
    assert.match(all.out, /terminationGracePeriodSeconds/)
    assert.match(old.out, /terminationGracePeriodSeconds/, old.err)
    const fields = (text: string): string[] => Array.from(text.matchAll(/^ +([a-zA-Z]+)\t</gm), match => match[1] ?? '')
    assert.deepEqual(fields(old.out), fields(all.out))
  })

  test(`${basename(program)} refuses unknown fields, and merges lists by their keys`, async () => {
    await using api = await MemoryApi.open()
    await using kubectl = await KubectlSession.open(program, api)
    const a = { name: 'a', image: 'nginx', env: [{ name: 'X', value: '1' }] }
    const b = { name: 'b', image: 'busybox' }
    const bad = await kubectl.run(
      'create',
      '-f',
      kubectl.file('bad', deployment({ replica: 2 }, [a, { ...b, imag: 1 }])),
    )
    assert.match(bad.err, /unknown field "spec.replica", unknown field "spec.template.spec.containers\[1\].imag"/)
    const good = kubectl.file('good', deployment({ replicas: 2 }, [a, b]))
    const made = await kubectl.run('apply', '-f', good)
    assert.equal(made.code, 0, made.err)
    const same = await kubectl.run('diff', '-f', good)
    assert.equal(same.code, 0, same.out + same.err)
    // The other container keeps what somebody else has set.
    const path = '/apis/apps/v1/namespaces/default/deployments/web'
    const side = [{ name: 'b', workingDir: '/tmp' }]
    await api.patch(
      path,
      { spec: { template: { spec: { containers: side } } } },
      'application/strategic-merge-patch+json',
    )
    const next = deployment({ strategy: { type: 'Recreate' } }, [{ ...a, image: 'nginx:2' }, b])
    const applied = await kubectl.run('apply', '-f', kubectl.file('next', next))
    assert.equal(applied.code, 0, applied.err)
    const { body } = await api.get(path)
    const containers = listAt(body, 'spec', 'template', 'spec', 'containers')
    assert.deepEqual(
      containers.map(each => [jsonAt(each, 'name'), jsonAt(each, 'image'), jsonAt(each, 'workingDir')]),
      [
        ['a', 'nginx:2', undefined],
        ['b', 'busybox', '/tmp'],
      ],
    )
    // Without retainKeys the numbers of the old strategy would stay, and the object be refused.
    assert.deepEqual(jsonAt(body, 'spec', 'strategy'), { type: 'Recreate' })
  })
}
