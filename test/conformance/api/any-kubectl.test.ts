import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import { allKubectls } from '../../kubectls.ts'
import { Kubectl } from './testing/kubectl.ts'
import { TestServer } from './testing/server.ts'

const oldest = allKubectls()[0]
const skip = oldest === undefined ? 'kubectl is not installed' : false

const deployment = (replicas: number, image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
  },
})

test(`the oldest kubectl there is, ${basename(oldest?.path ?? '')}, does its everyday work`, { skip }, async () => {
  await using server = await TestServer.open()
  const kubectl = new Kubectl(oldest?.path ?? '', server)
  const ok = async (words: string, input?: unknown): Promise<string> => {
    const { code, out, err } = await kubectl.run(words, input)
    assert.equal(code, 0, `kubectl ${words}: ${err}`)
    return out
  }
  assert.match(await ok('api-resources'), /deployments\s+deploy\s+apps/)
  await ok('create configmap settings --from-literal=a=b')
  assert.equal(await ok('get configmap settings -o jsonpath={.data.a}'), 'b')
  await ok('create secret generic password --from-literal=word=hunter2')
  assert.match(await ok('apply -f -', deployment(2, 'web:1')), /created/)
  assert.match(await ok('apply -f -', deployment(3, 'web:2')), /configured/)
  assert.match(await ok('get deployments'), /NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\nweb\s+0\/3/)
  await ok('scale deployment web --replicas=1')
  await ok('label deployment web tier=front')
  await ok('annotate deployment web note=hello')
  await ok(`patch deployment web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":4}]'`)
  assert.match(await ok('describe deployment web'), /Replicas:\s+4 desired/)
  assert.match(await ok('explain deployment.spec.replicas'), /integer/)
  assert.match(await ok('get all -l tier=front -o wide'), /deployment.apps\/web/)
  assert.match(await ok('get namespaces -o yaml'), /name: default/)
  assert.equal((await ok('auth can-i create pods')).trim(), 'yes')
  const unknown = await kubectl.run('apply -f -', { ...deployment(1, 'web:1'), speck: 1 })
  assert.notEqual(unknown.code, 0)
  assert.match(unknown.err, /speck/)
  await ok('delete deployment web --wait')
  assert.match((await kubectl.run('get deployment web')).err, /NotFound/)
})
