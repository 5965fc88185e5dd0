import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, type JsonObject, jsonAt, listAt, textAt } from '#schema'
import { MemoryApi } from '../../testing/memory-api.ts'

const PODS = '/api/v1/namespaces/default/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

function pod(name: string, labels: JsonObject = {}): JsonObject {
  return { metadata: { name, labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
}

function deployment(name: string): JsonObject {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  return { metadata: { name }, spec: { replicas: 2, selector: { matchLabels: labels }, template } }
}

test('scale is read, replaced and patched, and nothing else by it', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(DEPLOYMENTS, deployment('web'))
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const { body } = await api.get(`${DEPLOYMENTS}/web/scale`)
  assert.deepEqual([body['kind'], body['apiVersion'], body['spec']], ['Scale', 'autoscaling/v1', { replicas: 2 }])
  assert.deepEqual(body['status'], { replicas: 0, selector: 'app=web' })
  const put = await api.put(`${DEPLOYMENTS}/web/scale`, { ...body, spec: { replicas: 5 } })
  assert.deepEqual(put.body['spec'], { replicas: 5 })
  const stale = await api.put(`${DEPLOYMENTS}/web/scale`, { ...body, spec: { replicas: 6 } })
  assert.equal(stale.status, 409)
  const patched = await api.patch(`${DEPLOYMENTS}/web/scale`, { spec: { replicas: 7 } })
  assert.deepEqual(patched.body['spec'], { replicas: 7 })
  const whole = await api.get(`${DEPLOYMENTS}/web`)
  assert.equal(jsonAt(whole.body, 'spec', 'replicas'), 7)
  assert.equal(jsonAt(whole.body, 'metadata', 'generation'), 3)
  const negative = await api.patch(`${DEPLOYMENTS}/web/scale`, { spec: { replicas: -1 } })
  assert.deepEqual(
    [negative.status, negative.body['message']],
    [422, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  )
  assert.equal((await api.get(`${PODS}/a/scale`)).status, 404)
})

test('a scale is shown as a table, written as such, and applied', async () => {
  await using api = await MemoryApi.open()
  await api.post(DEPLOYMENTS, deployment('web'))
  await api.patch(`${DEPLOYMENTS}/web/status`, { status: { replicas: 1 } })
  const scale = `${DEPLOYMENTS}/web/scale`
  const table = await api.get(scale, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  assert.deepEqual(
    listAt(table.body, 'columnDefinitions').map(column => [textAt(column, 'name'), textAt(column, 'type')]),
    [
      ['Name', 'string'],
      ['Desired', 'integer'],
      ['Available', 'integer'],
      ['Age', 'string'],
    ],
  )
  assert.deepEqual(jsonAt(listAt(table.body, 'rows')[0], 'cells'), ['web', 2, 1, '0s'])
  const unnamed = await api.put(scale, { spec: { replicas: 3 } })
  assert.equal(unnamed.status, 400)
  const put = await api.put(`${scale}?fieldManager=hpa`, { metadata: { name: 'web' }, spec: { replicas: 3 } })
  assert.equal(put.status, 200, JSON.stringify(put.body))
  const entries = async (): Promise<unknown[]> =>
    listAt((await api.get(`${DEPLOYMENTS}/web`)).body, 'metadata', 'managedFields')
      .filter(entry => textAt(entry, 'subresource') === 'scale')
      .map(entry => [textAt(entry, 'manager'), textAt(entry, 'operation'), jsonAt(entry, 'fieldsV1')])
  const owned = { 'f:spec': { 'f:replicas': {} } }
  assert.deepEqual(await entries(), [['hpa', 'Update', owned]])
  const apply = (replicas: Json, more = '') =>
    api.patch(
      `${scale}?fieldManager=me${more}`,
      { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas } },
      'application/apply-patch+yaml',
    )
  const conflict = await apply(5)
  assert.deepEqual([conflict.status, conflict.body['reason']], [409, 'Conflict'])
  assert.match(
    textAt(conflict.body, 'message') ?? '',
    /conflict with "hpa" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  )
  const forced = await apply(5, '&force=true')
  assert.deepEqual([forced.status, forced.body['kind'], forced.body['spec']], [200, 'Scale', { replicas: 5 }])
  assert.deepEqual(await entries(), [['me', 'Apply', owned]])
  assert.equal((await apply(6)).status, 200)
  assert.equal((await apply(-1)).status, 422)
  const mistyped = await apply('x')
  assert.equal(mistyped.status, 400)
  assert.match(
    textAt(mistyped.body, 'message') ?? '',
    /cannot unmarshal string into Go struct field ScaleSpec\.spec\.replicas/,
  )
  assert.equal(
    (await api.patch(`${DEPLOYMENTS}/none/scale?fieldManager=me`, {}, 'application/apply-patch+yaml')).status,
    404,
  )
})

test('status is written alone, and alone by its path', async () => {
  await using api = await MemoryApi.open()
  await api.post(PODS, { ...pod('a'), status: { phase: 'Running' } })
  assert.equal(jsonAt((await api.get(`${PODS}/a`)).body, 'status', 'phase'), 'Pending')
  await api.patch(`${PODS}/a/status`, { metadata: { labels: { x: 'y' } }, status: { phase: 'Running' } })
  const { body } = await api.get(`${PODS}/a/status`)
  assert.deepEqual([jsonAt(body, 'status', 'phase'), jsonAt(body, 'metadata', 'labels')], ['Running', undefined])
  await api.patch(`${PODS}/a`, { status: { phase: 'Failed' } })
  assert.equal(jsonAt((await api.get(`${PODS}/a`)).body, 'status', 'phase'), 'Running')
  assert.equal((await api.get('/api/v1/namespaces/default/configmaps/a/status')).status, 404)
})

test('a pod is bound to a machine once', async () => {
  await using api = await MemoryApi.open()
  await api.post(PODS, pod('a'))
  // What it brings for the pod is looked at as if it were written there.
  const noted = (annotations: Json) =>
    api.post(`${PODS}/a/binding`, { metadata: { annotations }, target: { name: 'n1' } })
  assert.equal((await noted({ x: { deep: [1] } })).status, 400)
  assert.equal((await noted({ 'no key!': 'x' })).status, 422)
  assert.equal(jsonAt((await api.get(`${PODS}/a`)).body, 'spec', 'nodeName'), undefined)
  const bound = await api.post(`${PODS}/a/binding`, { metadata: { name: 'a' }, target: { kind: 'Node', name: 'n1' } })
  assert.deepEqual([bound.status, bound.body['status']], [201, 'Success'])
  const { body } = await api.get(`${PODS}/a`)
  assert.equal(jsonAt(body, 'spec', 'nodeName'), 'n1')
  assert.equal(textAt(listAt(body, 'status', 'conditions')[0], 'type'), 'PodScheduled')
  assert.equal((await api.post(`${PODS}/a/binding`, { target: { name: 'n2' } })).status, 409)
  assert.equal((await api.post(`${PODS}/a/binding`, {})).status, 422)
  assert.equal((await api.post(`${PODS}/a/binding`, { target: { kind: 'Pod', name: 'n1' } })).status, 422)
  assert.equal((await api.post(`${PODS}/a/binding`, { metadata: { name: 'b' }, target: { name: 'n1' } })).status, 400)
  const gated = pod('gated')
  await api.post(PODS, { ...gated, spec: { ...Object(gated['spec']), schedulingGates: [{ name: 'wait' }] } })
  const waits = await api.post(`${PODS}/gated/binding`, { target: { name: 'n1' } })
  assert.match(textAt(waits.body, 'message') ?? '', /pod gated has non-empty \.spec\.schedulingGates$/)
  assert.equal((await api.post(`${PODS}/none/binding`, { target: { name: 'n2' } })).status, 404)
  assert.equal((await api.get(`${PODS}/a/binding`)).status, 405)
})

const READY = [{ type: 'Ready', status: 'True' }]

test('a pod is evicted as its disruption budget allows', async () => {
  await using api = await MemoryApi.open()
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  const budget = await api.post(budgets, {
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  })
  assert.equal(budget.status, 201, JSON.stringify(budget.body))
  for (const name of ['a', 'b', 'c']) {
    await api.post(PODS, pod(name, name === 'c' ? {} : { app: 'web' }))
    await api.patch(`${PODS}/${name}/status`, { status: { phase: 'Running', conditions: READY } })
  }
  const counts = { currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 }
  const status = { observedGeneration: 1, disruptionsAllowed: 1, ...counts }
  const evict = (name: string) => api.post(`${PODS}/${name}/eviction`, { metadata: { name } })
  await api.patch(`${budgets}/b/status`, { status })
  assert.equal((await evict('a')).status, 201)
  const refused = await evict('b')
  assert.deepEqual([refused.status, refused.body['reason']], [429, 'TooManyRequests'])
  assert.equal(refused.body['message'], "Cannot evict pod as it would violate the pod's disruption budget.")
  assert.equal(textAt(listAt(refused.body, 'details', 'causes')[0], 'reason'), 'DisruptionBudget')
  assert.equal((await evict('c')).status, 201)
  await api.post(PODS, pod('ill', { app: 'web' }))
  await api.patch(`${PODS}/ill/status`, { status: { phase: 'Running' } })
  assert.equal((await evict('ill')).status, 201, 'one that does nothing is no loss while others are well')
  const left = listAt((await api.get(PODS)).body, 'items').map(item => textAt(item, 'metadata', 'name'))
  assert.deepEqual(left, ['b'])
})

test('what streams is refused by name, and SPDY with the remedy', async () => {
  await using api = await MemoryApi.open()
  for (const name of ['log', 'exec', 'attach', 'portforward']) {
    const { status, body } = await api.get(`${PODS}/a/${name}`)
    assert.equal(status, 503)
    assert.equal(body['message'], `Unsupported: pods/${name}: no machine runs pods yet, so nothing is served`)
  }
  const sockets = await api.get(`${PODS}/a/exec`, { upgrade: 'websocket' })
  assert.match(textAt(sockets.body, 'message') ?? '', /nothing is served over WebSockets$/)
  const { body } = await api.post(`${PODS}/a/exec`, {}, { upgrade: 'SPDY/3.1' })
  assert.match(
    textAt(body, 'message') ?? '',
    /neither over WebSockets nor over SPDY, which will not come: only kubectl before 1\.30 needs it$/,
  )
  assert.equal((await api.get(`${PODS}/a/nothing`)).status, 404)
})

test('what is done to bundles is refused by name', async () => {
  await using api = await MemoryApi.open()
  for (const name of ['actions/start', 'actions/uninstall']) {
    const { status, body } = await api.post(`/apis/nanocloud.io/v1/namespaces/default/bundles/a/${name}`, {})
    assert.equal(status, 503)
    assert.equal(body['message'], `Unsupported: bundles/${name}: nothing runs bundles yet`)
  }
  assert.equal((await api.get('/apis/nanocloud.io/v1/namespaces/default/bundles/a/backups/latest')).status, 503)
})

const CONTAINER = 'spec.containers[0].resources'
const resizes: readonly (readonly [string, JsonObject, string | undefined])[] = [
  ['more of both', { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '4', memory: '2Gi' } }, undefined],
  [
    'no limit',
    { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '4' } },
    `${CONTAINER}.limits: Forbidden: resource limits cannot be removed`,
  ],
  [
    'less memory',
    { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '4', memory: '1Gi' } },
    `${CONTAINER}.limits[memory]: Forbidden: memory limits cannot be decreased unless resizePolicy is RestartContainer`,
  ],
  [
    'another quality',
    { requests: { cpu: '4', memory: '2Gi' }, limits: { cpu: '4', memory: '2Gi' } },
    'spec: Invalid value: "Guaranteed": Pod QOS Class may not change as a result of resizing',
  ],
  [
    'more disk',
    { requests: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' }, limits: { cpu: '4', memory: '2Gi' } },
    'spec: Forbidden: only cpu and memory resources are mutable',
  ],
]

test('what a pod has of cpu and memory changes by its path `resize` alone', async () => {
  await using api = await MemoryApi.open()
  const resources = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } }
  const first = { name: 'c', image: 'i', resources }
  await api.post(PODS, { metadata: { name: 'a' }, spec: { containers: [first] } })
  const other = await api.patch(`${PODS}/a`, { spec: { containers: [{ ...first, resources: {} }] } })
  assert.equal(other.status, 422)
  for (const [what, amounts, problem] of resizes) {
    const body = {
      metadata: { labels: { x: 'y' } },
      spec: { containers: [{ ...first, image: 'other', resources: amounts }] },
    }
    const answer = await api.patch(`${PODS}/a/resize`, body)
    const said = problem === undefined ? undefined : `Pod "a" is invalid: ${problem}`
    assert.deepEqual([answer.status, textAt(answer.body, 'message')], [said === undefined ? 200 : 422, said], what)
  }
  const { body } = await api.get(`${PODS}/a/resize`)
  const [container] = listAt(body, 'spec', 'containers')
  assert.deepEqual(
    [jsonAt(container, 'resources', 'limits', 'cpu'), textAt(container, 'image'), jsonAt(body, 'metadata', 'labels')],
    ['4', 'i', undefined],
  )
})

test('containers are put into a pod that runs by its path alone, and stay as they are', async () => {
  await using api = await MemoryApi.open()
  await api.post(PODS, pod('a'))
  const path = `${PODS}/a/ephemeralcontainers`
  const debug = { name: 'debug', image: 'busybox', targetContainerName: 'c', stdin: true }
  const put = (...ephemeralContainers: JsonObject[]) => api.patch(path, { spec: { ephemeralContainers } })
  assert.equal((await api.patch(`${PODS}/a`, { spec: { ephemeralContainers: [debug] } })).status, 422)
  const made = await put(debug)
  assert.equal(made.status, 200, JSON.stringify(made.body))
  assert.equal(textAt(listAt(made.body, 'spec', 'ephemeralContainers')[0], 'imagePullPolicy'), 'Always')
  const refused: readonly (readonly [JsonObject[], RegExp])[] = [
    [[], /existing ephemeral containers "debug" may not be removed/],
    [[{ ...debug, image: 'other' }], /existing ephemeral containers "debug" may not be changed/],
    [[debug, { name: 'c', image: 'i' }], /spec\.ephemeralContainers\[1\]\.name: Duplicate value: "c"/],
    [
      [debug, { name: 'e', image: 'i', ports: [{ containerPort: 1 }] }],
      /ports: Forbidden: cannot be set for an Ephemeral Container/,
    ],
    [[debug, { name: 'e', image: 'i', targetContainerName: 'x' }], /targetContainerName: Not found: "x"/],
  ]
  for (const [containers, why] of refused) {
    const answer = await put(...containers)
    assert.equal(answer.status, 422)
    assert.match(textAt(answer.body, 'message') ?? '', why)
  }
  const image = await api.patch(`${PODS}/a`, { metadata: { labels: { x: 'y' } } })
  assert.equal(image.status, 200, 'an update of the rest goes on')
})
