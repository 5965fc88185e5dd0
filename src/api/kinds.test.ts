import assert from 'node:assert/strict'
import { basename } from 'node:path'
import { test } from 'node:test'
import {
  apiVersionOf,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  listAt,
  RESOURCES,
  type Resource,
  textAt,
} from '#schema'
import { findKubectls, NO_KUBECTL } from '../../test/kubectls.ts'
import { KubectlSession } from './testing/kubectl.ts'
import { MemoryApi } from './testing/memory-api.ts'
import { SAMPLES, type Sample } from './testing/samples.ts'

const TIMES = new Set(['Name', 'Age', 'Created At', 'Last Seen', 'First Seen'])
const KEPT = RESOURCES.filter(({ verbs }) => verbs.includes('get'))

function idOf({ plural, group, version }: Resource): string {
  return `${plural}${group === '' ? '' : `.${group}`}/${version}`
}

function resourceOf({ resource }: Sample): Resource {
  const found = RESOURCES.find(each => idOf(each) === resource)
  assert.ok(found, resource)
  return found
}

function collectionOf({ group, version, plural, isNamespaced }: Resource): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}${isNamespaced ? '/namespaces/default' : ''}/${plural}`
}

function bodyOf({ name = 'sample', body }: Sample): JsonObject {
  const metadata = isJsonObject(body['metadata']) ? body['metadata'] : {}
  return { ...body, metadata: { ...metadata, name } }
}

function textOf(cell: Json | undefined): string {
  const text = typeof cell === 'string' ? cell : JSON.stringify(cell)
  return text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'UID')
}

function manifestOf(sample: Sample): JsonObject {
  const { group, version, kind } = resourceOf(sample)
  return { apiVersion: apiVersionOf(group, version), kind, ...bodyOf(sample) }
}

async function fill(api: MemoryApi): Promise<void> {
  for (const sample of SAMPLES) {
    const { status, body } = await api.post(collectionOf(resourceOf(sample)), bodyOf(sample))
    assert.equal(status, 201, `${sample.resource}: ${textAt(body, 'message')}`)
  }
}

test('there is a sample of every kind that objects are kept of', () => {
  const twins = ['namespaces/v1', 'events.events.k8s.io/v1', 'horizontalpodautoscalers.autoscaling/v1']
  const special = [...twins, 'customresourcedefinitions.apiextensions.k8s.io/v1']
  const ids = SAMPLES.map(({ resource }) => resource)
  assert.deepEqual([...ids, ...special].sort(), KEPT.map(idOf).sort())
})

test('every kind is made, and shown with the cells of its columns', async () => {
  await using api = await MemoryApi.open()
  await fill(api)
  for (const sample of SAMPLES) {
    const resource = resourceOf(sample)
    const path = `${collectionOf(resource)}/${sample.name ?? 'sample'}`
    const { body } = await api.get(path, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    const cells = listAt(listAt(body, 'rows')[0], 'cells')
    assert.equal(cells.length, resource.columns.length, sample.resource)
    const shown = resource.columns.flatMap(({ name }, index) => {
      const cell = cells[index]
      const isTold = cell !== '' && cell !== null && !TIMES.has(name)
      return isTold ? [textOf(cell)] : []
    })
    assert.deepEqual(shown, sample.shown, sample.resource)
  }
})

test('an object is stored as it is when it is sent back unchanged', async () => {
  await using api = await MemoryApi.open()
  await fill(api)
  for (const sample of SAMPLES) {
    const path = `${collectionOf(resourceOf(sample))}/${sample.name ?? 'sample'}`
    const { body } = await api.get(path)
    const again = await api.put(path, body)
    assert.equal(again.status, 200, `${sample.resource}: ${textAt(again.body, 'message')}`)
    assert.deepEqual(again.body, body, sample.resource)
  }
})

test('events of both groups are the same objects', async () => {
  await using api = await MemoryApi.open()
  await api.post('/apis/events.k8s.io/v1/namespaces/default/events', {
    metadata: { name: 'e' },
    eventTime: '2026-01-01T00:00:00.000001Z',
    regarding: { kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'Started',
    action: 'Start',
    type: 'Normal',
    note: 'it runs',
    reportingController: 'a.b/c',
    reportingInstance: 'c-1',
  })
  const { body } = await api.get('/api/v1/namespaces/default/events/e')
  assert.equal(body['apiVersion'], 'v1')
  assert.equal(body['message'], 'it runs')
  assert.equal(jsonAt(body, 'involvedObject', 'name'), 'web')
  assert.equal(body['reportingComponent'], 'a.b/c')
  const fields = 'fieldSelector=regarding.name%3Dweb,type%3DNormal'
  const found = await api.get(`/apis/events.k8s.io/v1/namespaces/default/events?${fields}`)
  assert.equal(listAt(found.body, 'items').length, 1)
  assert.equal(textAt(listAt(found.body, 'items')[0], 'note'), 'it runs')
})

test('who asks for a certificate is said by the API, and never by who asks', async () => {
  await using api = await MemoryApi.open()
  const request = SAMPLES.find(({ resource }) => resource.startsWith('certificatesigningrequests'))
  assert.ok(request)
  const spec = { ...Object(request.body['spec']), username: 'system:node:m1', groups: ['system:masters'], uid: 'x' }
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
  const { body, status } = await api.post(path, { metadata: { name: 'a' }, spec })
  assert.equal(status, 201)
  assert.equal(textAt(body, 'spec', 'username'), 'admin')
  assert.equal(jsonAt(body, 'spec', 'groups'), undefined)
  assert.equal(textAt(body, 'spec', 'uid'), undefined)
})

test('autoscalers of both versions are the same objects', async () => {
  await using api = await MemoryApi.open()
  const path = (version: string) => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const spec = { maxReplicas: 3, scaleTargetRef, targetCPUUtilizationPercentage: 50 }
  await api.post(path('v1'), { metadata: { name: 'a' }, spec })
  const { body } = await api.get(`${path('v2')}/a`)
  assert.equal(body['apiVersion'], 'autoscaling/v2')
  const [metric] = listAt(body, 'spec', 'metrics')
  assert.equal(jsonAt(metric, 'resource', 'target', 'averageUtilization'), 50)
  assert.equal(jsonAt((await api.get(`${path('v1')}/a`)).body, 'spec', 'targetCPUUtilizationPercentage'), 50)
})

const kubectls = findKubectls()
if (kubectls.length === 0) test('kubectl shows every kind', { skip: NO_KUBECTL }, () => {})

for (const program of kubectls) {
  test(`${basename(program)} lists, shows and explains every kind`, async () => {
    await using api = await MemoryApi.open()
    await using kubectl = await KubectlSession.open(program, api)
    const file = kubectl.file('all', { apiVersion: 'v1', kind: 'List', items: SAMPLES.map(manifestOf) })
    const made = await kubectl.run('apply', '-f', file)
    assert.equal(made.code, 0, made.err)
    const again = await kubectl.run('apply', '-f', file)
    const changed = again.out.split('\n').filter(line => line !== '' && !line.endsWith(' unchanged'))
    // kubectl always sends text for secrets, and selectors that are replaced.
    const sent = ['secret/sample configured', 'poddisruptionbudget.policy/sample configured']
    assert.deepEqual([again.code, ...changed], [0, ...sent], again.err)
    const diff = await kubectl.run('diff', '-f', file)
    assert.deepEqual([diff.code, diff.out], [0, ''], diff.err)
    const owned = await kubectl.run('apply', '--server-side', '--force-conflicts', '-f', file)
    assert.equal(owned.code, 0, owned.err)
    const { out } = await kubectl.run('api-resources', '-o', 'name')
    const known = new Set(out.split('\n'))
    for (const { plural, group } of RESOURCES) {
      const name = group === '' ? plural : `${plural}.${group}`
      assert.ok(known.has(name), name)
    }
    const names = SAMPLES.map(({ resource }) => resource.split('/')[0])
    const all = await kubectl.run('get', names.join(','), '-o', 'wide')
    assert.equal(all.code, 0, all.err)
    for (const sample of SAMPLES) assert.match(all.out, new RegExp(`/${sample.name ?? 'sample'}\\b`))
    const every = await kubectl.run('get', 'all')
    assert.match(every.out, /deployment\.apps\/sample +0\/1 +0 +0 /)
    const wrong = kubectl.file('wrong', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'w' },
      spec: { containers: [] },
    })
    const refused = await kubectl.run('create', '-f', wrong)
    assert.equal(refused.err, 'The Pod "w" is invalid: spec.containers: Required value\n')
    const other = JSON.stringify({ spec: { selector: { matchLabels: { app: 'other' } } } })
    const moved = await kubectl.run('patch', 'deployment', 'sample', '--type=merge', '-p', other)
    assert.match(moved.err, /spec\.selector: Invalid value: .*: field is immutable/)
    const explained = await kubectl.run('explain', 'filesystems.spec')
    assert.match(explained.out, /pool\t?.*<string>\n\s+The pool that keeps the content/s, explained.err)
  })
}
