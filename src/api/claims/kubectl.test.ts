import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findKubectls, NO_KUBECTL } from '../../../test/kubectls.ts'
import { KubectlSession } from '../testing/kubectl.ts'
import { MemoryApi } from '../testing/memory-api.ts'

const program = findKubectls().at(-1)

test('kubectl makes services of every type, and is told what it may not have', {
  skip: program === undefined && NO_KUBECTL,
}, async () => {
  await using api = await MemoryApi.open()
  await using kubectl = await KubectlSession.open(program ?? '', api)
  const get = (name: string) =>
    kubectl.run('get', 'service', name, '-o', 'jsonpath={.spec.clusterIP} {.spec.ports[*].nodePort}')
  const good: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['np', ['create', 'service', 'nodeport', 'np', '--tcp=80:8080', '--node-port=30123'], /^10\.46\.\d+\.\d+ 30123$/],
    ['ci', ['create', 'service', 'clusterip', 'ci', '--tcp=80'], /^10\.46\.\d+\.\d+ $/],
    ['hl', ['create', 'service', 'clusterip', 'hl', '--clusterip=None'], /^None $/],
    ['lb', ['create', 'service', 'loadbalancer', 'lb', '--tcp=80'], /^10\.46\.\d+\.\d+ 3\d{4}$/],
    ['ex', ['create', 'service', 'externalname', 'ex', '--external-name=a.example'], /^ $/],
  ]
  for (const [name, words, shown] of good) {
    const made = await kubectl.run(...words)
    assert.equal(made.code, 0, made.err)
    assert.match((await get(name)).out, shown)
  }
  assert.equal((await kubectl.run('create', 'deployment', 'web', '--image=nginx')).code, 0)
  assert.equal((await kubectl.run('expose', 'deployment', 'web', '--port=80', '--type=NodePort')).code, 0)
  assert.match((await get('web')).out, /^10\.46\.\d+\.\d+ 3\d{4}$/)
  const bad: readonly (readonly [readonly string[], RegExp])[] = [
    [['create', 'service', 'nodeport', 'again', '--tcp=80', '--node-port=30123'], /provided port is already allocated/],
    [['create', 'service', 'nodeport', 'low', '--tcp=80', '--node-port=80'], /The range of valid ports is 30000-32767/],
    [
      ['create', 'quota', 'q', '--hard=foo=2'],
      /spec\.hard\[foo\]: Invalid value: "foo": must be a standard resource for quota/,
    ],
  ]
  for (const [words, why] of bad) assert.match((await kubectl.run(...words)).err, why)
  const quota = await kubectl.run('create', 'quota', 'q', '--hard=pods=2,count/deployments.apps=3')
  assert.deepEqual([quota.code, /nothing acts on them yet/.test(quota.err)], [0, true], quota.err)
})
