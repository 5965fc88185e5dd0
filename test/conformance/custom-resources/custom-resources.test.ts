import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { ApiextensionsV1Api, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node'
import type { JsonObject } from '#schema'
import { findKubectls, NO_KUBECTL } from '../../kubectls.ts'
import { Kubectl } from '../api/testing/kubectl.ts'
import { CRON_TABS, certificates, cronTab, largeDefinition } from './definitions.ts'
import { openCustomServer, post } from './server.ts'

const kubectls = findKubectls()

if (kubectls.length === 0) test('kubectl uses custom resources', { skip: NO_KUBECTL }, () => {})

for (const program of kubectls) {
  test(`${basename(program)} installs a definition, uses its objects and removes it`, async () => {
    await using server = await openCustomServer()
    const kubectl = new Kubectl(program, server)
    // Words with spaces stand in quotes.
    const said = (words: readonly string[]) => kubectl.run(words.map(word => `'${word}'`).join(' '))
    const run = async (...words: readonly string[]): Promise<string> => {
      const answer = await said(words)
      assert.equal(answer.code, 0, `${words.join(' ')}: ${answer.err}`)
      return answer.out
    }
    const refused = async (...words: readonly string[]): Promise<string> => {
      const answer = await said(words)
      assert.notEqual(answer.code, 0, `${words.join(' ')}: ${answer.out}`)
      return answer.err
    }
    const file = (name: string, content: JsonObject): string => {
      const path = join(server.folder, name)
      writeFileSync(path, JSON.stringify(content))
      return path
    }
    const merge = (spec: JsonObject): readonly string[] => ['--type=merge', '-p', JSON.stringify({ spec })]

    await run('apply', '-f', file('crd', CRON_TABS))
    await run('wait', '--for', 'condition=Established', 'crd/crontabs.stable.example.com', '--timeout=10s')
    assert.match(
      await run('api-resources', '--api-group=stable.example.com'),
      /crontabs +ct +stable.example.com\/v1 +true +CronTab/,
    )
    await run('apply', '-f', file('one', cronTab({ cronSpec: '* * * * *' })))
    assert.match(await run('get', 'ct'), /NAME +SPEC +REPLICAS +AGE\none +\* \* \* \* \* +1 +[0-9]+s\n/)
    assert.match(await run('describe', 'crontab', 'one'), /Image: +busybox/)
    assert.match(await run('explain', 'crontab.spec.cronSpec'), /When it runs\./)
    await run('apply', '-f', file('two', cronTab({ cronSpec: '*/5 * * * *', replicas: 3 })))
    assert.equal(await run('get', 'ct', 'one', '-o', 'jsonpath={.spec.replicas} {.metadata.generation}'), '3 2')

    const wrong = { cronSpec: 'never', replicas: 50, mode: 'odd', port: {} }
    const causes = await refused('patch', 'ct', 'one', ...merge(wrong))
    for (const cause of [
      'spec.cronSpec: Invalid value: "never": spec.cronSpec in body should match',
      'spec.replicas: Invalid value: 50: spec.replicas in body should be less than or equal to 10',
      'spec.mode: Unsupported value: "odd": supported values: "fast", "slow"',
      'spec.port: Invalid value: "object": spec.port in body must be of type integer,string: "object"',
    ]) {
      assert.ok(causes.includes(cause), causes)
    }
    assert.match(
      await refused('patch', 'ct', 'one', ...merge({ replicas: 9 })),
      /spec: Invalid value: "object": many replicas need mode fast/,
    )
    assert.match(
      await refused('patch', 'ct', 'one', ...merge({ image: 'other' })),
      /spec.image: Invalid value: "object": image is immutable/,
    )
    assert.match(
      await refused('patch', 'ct', 'one', '--type=strategic', '-p', '{}'),
      /strategic-merge-patch\+json is not supported/,
    )
    assert.match(
      await refused('create', '-f', file('typo', cronTab({ cronSpec: '* * * * *', typo: 1 }, 'typo'))),
      /unknown field "spec.typo"/,
    )
    await run(
      'apply',
      '--server-side',
      '--force-conflicts',
      '-f',
      file('three', cronTab({ cronSpec: '* * * * *', replicas: 2 })),
    )

    await run(
      'patch',
      'ct',
      'one',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"replicas":2,"labelSelector":"a=b"}}',
    )
    await run('scale', 'ct', 'one', '--replicas=4')
    assert.equal(await run('get', 'ct', 'one', '-o', 'jsonpath={.spec.replicas} {.status.replicas}'), '4 2')
    assert.match(await run('get', 'ct', '--field-selector=spec.mode=slow', '-o', 'name'), /one/)
    assert.equal(await run('get', 'ct', '--field-selector=spec.mode!=slow', '-o', 'name'), '')
    assert.match(await run('get', 'all'), /crontab.stable.example.com\/one/)

    // Another version of the same objects, which warns.
    const old = await said(['get', '--raw', '/apis/stable.example.com/v1beta1/namespaces/default/crontabs/one'])
    assert.equal((JSON.parse(old.out) as JsonObject)['apiVersion'], 'stable.example.com/v1beta1')
    assert.match(old.err, /Warning: use v1/)

    // An object with a finalizer holds its definition, and the definition lets nothing new begin.
    await run('patch', 'ct', 'one', '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/hold"]}}')
    await run('delete', 'crd', 'crontabs.stable.example.com', '--wait=false')
    await run('wait', '--for', 'condition=Terminating', 'crd/crontabs.stable.example.com', '--timeout=10s')
    assert.match(
      await refused('create', '-f', file('late', cronTab({ cronSpec: '* * * * *' }, 'late'))),
      /not allowed while custom resource definition is terminating/,
    )
    await run('patch', 'ct', 'one', '--type=merge', '-p', '{"metadata":{"finalizers":null}}')
    await run('wait', '--for=delete', 'crd/crontabs.stable.example.com', '--timeout=10s')
    assert.match(
      await refused('get', 'ct'),
      /the server doesn't have a resource type "ct"|could not find the requested resource/,
    )
    assert.deepEqual(server.warnings, [])
  })
}

test('client-node keeps custom objects, and large definitions are served at once', async () => {
  await using server = await openCustomServer()
  const config = new KubeConfig()
  // The API beside the one where definitions are made, and named.
  config.loadFromClusterAndUser({ name: 'c', server: server.otherUrl, skipTLSVerify: true }, { name: 'u' })
  const definitions = config.makeApiClient(ApiextensionsV1Api)
  for (const body of [certificates(), largeDefinition()]) {
    // Its models have other names for fields such as `default`.
    assert.equal(await post(server.url, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body), 201)
    const name = (body['metadata'] as { readonly name: string }).name
    let isEstablished = false
    while (!isEstablished) {
      const found = await definitions.readCustomResourceDefinition({ name })
      isEstablished =
        found.status?.conditions?.some(each => each.type === 'Established' && each.status === 'True') === true
    }
  }
  const objects = config.makeApiClient(CustomObjectsApi)
  const place = { group: 'cert.example.io', version: 'v1', namespace: 'default', plural: 'certificates' }
  const spec = { secretName: 'tls', dnsNames: ['a.example'], issuerRef: { name: 'ca' }, duration: '2160h' }
  const body = { apiVersion: 'cert.example.io/v1', kind: 'Certificate', metadata: { name: 'web' }, spec }
  // What is served follows its definition a moment later.
  const made = await until(() => objects.createNamespacedCustomObject({ ...place, body }))
  assert.equal(made.spec.issuerRef.kind, 'Issuer')
  const listed = await objects.listNamespacedCustomObject(place)
  assert.deepEqual([listed.kind, listed.items.length], ['CertificateList', 1])
  const wrong = { ...made, spec: { ...spec, dnsNames: undefined } }
  await assert.rejects(
    objects.replaceNamespacedCustomObject({ ...place, name: 'web', body: wrong }),
    /must validate at least one schema \(anyOf\)/,
  )
  const big = { group: 'big.example.io', version: 'v1', plural: 'bigs' }
  await until(() =>
    objects.createClusterCustomObject({
      ...big,
      body: { apiVersion: 'big.example.io/v1', kind: 'Big', metadata: { name: 'b' } },
    }),
  )
  await objects.deleteNamespacedCustomObject({ ...place, name: 'web' })
  await assert.rejects(objects.getNamespacedCustomObject({ ...place, name: 'web' }), /not found/)
})

async function until<Value>(run: () => Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run()
    } catch (error) {
      if (tries === 50 || !String(error).includes('404')) throw error
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}
