import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { type JsonObject, jsonAt, type KubeObject, listAt, numberAt, RESOURCES, textAt } from '#schema'
import { Objects } from '../objects/objects.ts'
import { ObjectStore } from '../store/object-store.ts'
import { type Answer, MemoryApi } from '../testing/memory-api.ts'
import { repairClaims } from './repair.ts'

const SERVICES = '/api/v1/namespaces/default/services'
const { signal } = new AbortController()

function service(name: string, spec: JsonObject = {}): JsonObject {
  return { metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }
}

const addressOf = (answer: Answer) => textAt(answer.body, 'spec', 'clusterIP')
const nodePortOf = (answer: Answer, index = 0) => numberAt(listAt(answer.body, 'spec', 'ports')[index], 'nodePort')
const message = (answer: Answer) => textAt(answer.body, 'message')

async function claimsOf(api: MemoryApi): Promise<string[]> {
  const keys = { kind: 'prefix', prefix: '/claims/' } as const
  const { entries } = await api.keyspace.range({ keys }, signal)
  return entries.map(({ key, value }) => `${key.slice('/claims/'.length)}=${Buffer.from(value).toString()}`)
}

test('a service is given an address, and ports of the machines where it wants them', async () => {
  await using api = await MemoryApi.open()
  const plain = await api.post(SERVICES, service('plain'))
  assert.equal(plain.status, 201, JSON.stringify(plain.body))
  assert.match(addressOf(plain) ?? '', /^10\.46\.[0-9]+\.[0-9]+$/)
  assert.deepEqual(jsonAt(plain.body, 'spec', 'clusterIPs'), [addressOf(plain)])
  assert.deepEqual(
    ['ipFamilies', 'ipFamilyPolicy'].map(name => jsonAt(plain.body, 'spec', name)),
    [['IPv4'], 'SingleStack'],
  )
  const ports = ['TCP', 'UDP'].map(protocol => ({ name: protocol.toLowerCase(), port: 53, protocol }))
  const dns = await api.post(SERVICES, service('dns', { type: 'NodePort', ports: [...ports, { name: 'x', port: 80 }] }))
  assert.equal(nodePortOf(dns, 0), nodePortOf(dns, 1))
  assert.notEqual(nodePortOf(dns, 0), nodePortOf(dns, 2))
  for (const index of [0, 2])
    assert.ok((nodePortOf(dns, index) ?? 0) >= 30_086 && (nodePortOf(dns, index) ?? 0) <= 32_767)
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', allocateLoadBalancerNodePorts: false }
  const balanced = await api.post(SERVICES, service('balanced', local))
  assert.equal(nodePortOf(balanced), undefined)
  assert.ok((numberAt(balanced.body, 'spec', 'healthCheckNodePort') ?? 0) >= 30_000)
  const headless = await api.post(SERVICES, service('headless', { clusterIP: 'None', selector: { a: 'b' } }))
  assert.equal(addressOf(headless), 'None')
  const named = await api.post(SERVICES, {
    metadata: { name: 'n' },
    spec: { type: 'ExternalName', externalName: 'a.b' },
  })
  assert.deepEqual([addressOf(named), jsonAt(named.body, 'spec', 'ipFamilies')], [undefined, undefined])
  assert.equal((await claimsOf(api)).length, 3 + 2 + 1)
})

test('what one service has no other is given, in whatever namespace it lies', async () => {
  await using api = await MemoryApi.open()
  await api.post('/api/v1/namespaces', { metadata: { name: 'other' } })
  const mine = { type: 'NodePort', clusterIP: '10.46.0.7', ports: [{ port: 80, nodePort: 30_080 }] }
  assert.equal((await api.post(SERVICES, service('a', mine))).status, 201)
  const taken = await api.post('/api/v1/namespaces/other/services', service('b', mine))
  assert.equal(taken.status, 422)
  assert.equal(
    message(taken),
    'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.46.0.7"]: failed to allocate IP 10.46.0.7: provided IP is already allocated',
  )
  const again = await api.post(SERVICES, service('c', { type: 'NodePort', ports: [{ port: 1, nodePort: 30_080 }] }))
  assert.match(
    message(again) ?? '',
    /spec\.ports\[0\]\.nodePort: Invalid value: 30080: provided port is already allocated$/,
  )
  const dry = await api.post(`${SERVICES}?dryRun=All`, service('d'))
  assert.match(addressOf(dry) ?? '', /^10\.46\./)
  assert.equal((await api.post(SERVICES, service('a', mine))).status, 409)
  assert.deepEqual(await claimsOf(api), ['node-ports/30080=default/a', 'service-addresses/10.46.0.7=default/a'])
})

const outside: readonly (readonly [JsonObject, RegExp])[] = [
  [
    { clusterIP: '10.0.0.1' },
    /spec\.clusterIPs: Invalid value: \["10\.0\.0\.1"\]: failed to allocate IP 10\.0\.0\.1: the provided IP \(10\.0\.0\.1\) is not in the valid range\. The range of valid IPs is 10\.46\.0\.0\/16$/,
  ],
  [{ clusterIP: '10.46.255.255' }, /not in the valid range/],
  [
    { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
    /spec\.ports\[0\]\.nodePort: Invalid value: 80: provided port is not in the valid range\. The range of valid ports is 30000-32767$/,
  ],
  [
    { ipFamilyPolicy: 'RequireDualStack' },
    /ipFamilyPolicy: .* this cluster is not configured for dual-stack services$/,
  ],
  [{ ipFamilies: ['IPv6'] }, /spec\.ipFamilies\[0\]: Invalid value: "IPv6": not configured on this cluster$/],
  [{ clusterIP: 'None', type: 'NodePort' }, /may not be set to 'None' for NodePort services$/],
  [{ clusterIPs: ['10.46.1.1'] }, /spec\.clusterIPs: .*: must be empty when `clusterIP` is not specified$/],
  [
    { type: 'NodePort', ports: Array.from({ length: 61 }, (_, port) => ({ port: port + 1, name: `p${port}` })) },
    /spec\.ports: Too many: 61: must have at most 60 items$/,
  ],
]

test('what cannot be given is refused, and nothing is taken', async () => {
  await using api = await MemoryApi.open()
  for (const [spec, why] of outside) {
    const answer = await api.post(SERVICES, service('s', spec))
    assert.equal(answer.status, 422, JSON.stringify(answer.body))
    assert.match(message(answer) ?? '', why)
  }
  assert.deepEqual(await claimsOf(api), [])
})

test('what a service has is given back when it goes, or becomes one that has it not', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(SERVICES, service('a', { type: 'NodePort' }))
  const address = addressOf(made)
  // The whole object sent again with another type, as `kubectl edit` does: what only the old type had is not meant.
  const inside = await api.put(`${SERVICES}/a`, {
    ...made.body,
    spec: { ...Object(made.body['spec']), type: 'ClusterIP' },
  })
  assert.equal(inside.status, 200, JSON.stringify(inside.body))
  assert.deepEqual([addressOf(inside), nodePortOf(inside)], [address, undefined])
  assert.equal(jsonAt(inside.body, 'spec', 'externalTrafficPolicy'), undefined)
  assert.deepEqual(await claimsOf(api), [`service-addresses/${address}=default/a`])
  const moved = await api.patch(`${SERVICES}/a`, { spec: { clusterIP: '10.46.0.9', clusterIPs: ['10.46.0.9'] } })
  assert.match(message(moved) ?? '', /may not change once set$/)
  const name = await api.patch(`${SERVICES}/a`, { spec: { type: 'ExternalName', externalName: 'a.example' } })
  assert.equal(name.status, 200, JSON.stringify(name.body))
  assert.deepEqual([addressOf(name), jsonAt(name.body, 'spec', 'ipFamilies')], [undefined, undefined])
  assert.deepEqual(await claimsOf(api), [])
  const back = await api.patch(`${SERVICES}/a`, { spec: { type: 'NodePort', externalName: null } })
  assert.match(addressOf(back) ?? '', /^10\.46\./)
  assert.equal((await claimsOf(api)).length, 2)
  const kept = await api.put(`${SERVICES}/a`, service('a', { type: 'NodePort' }))
  assert.deepEqual([addressOf(kept), nodePortOf(kept)], [addressOf(back), nodePortOf(back)])
  await api.delete(`${SERVICES}/a`)
  assert.deepEqual(await claimsOf(api), [])
})

test('two servers that make services at once give each thing once', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  const services = RESOURCES.find(each => each.plural === 'services')!
  const namespaces = RESOURCES.find(each => each.plural === 'namespaces')!
  const { clock } = machineWorld
  // Both are told the same by chance, so that they always reach for the same.
  const open = () => {
    let next = 0
    const entropy = { bytes: (count: number) => Buffer.alloc(count, (next += 1)) }
    return new Objects({ store: new ObjectStore(keyspace), clock, entropy })
  }
  const servers = [open(), open()]
  const options = { unknowns: 'Ignore', isDryRun: false } as const
  await servers[0]!.create(
    namespaces,
    { namespace: undefined, name: undefined },
    { body: { metadata: { name: 'a' } }, options },
    signal,
  )
  const made = await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      servers[index % 2]!.create(
        services,
        { namespace: 'a', name: undefined },
        { body: service(`s${index}`, { type: 'NodePort' }), options },
        signal,
      ),
    ),
  )
  const objects = made.map(({ object }) => object)
  assert.equal(new Set(objects.map(object => textAt(object, 'spec', 'clusterIP'))).size, 40)
  assert.equal(new Set(objects.map(object => numberAt(listAt(object, 'spec', 'ports')[0], 'nodePort'))).size, 40)
  const wish = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_001 }] }
  const rivals = await Promise.allSettled(
    servers.map((server, index) =>
      server.create(
        services,
        { namespace: 'a', name: undefined },
        { body: service(`r${index}`, wish), options },
        signal,
      ),
    ),
  )
  assert.deepEqual(rivals.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const lost = rivals.find(each => each.status === 'rejected')
  assert.match(String(lost?.reason), /provided port is already allocated/)
})

test('when nothing is left by chance, what is left is found; then it is said that nothing is', async () => {
  await using api = await MemoryApi.open()
  for (let port = 30_000; port <= 32_767; port += 1) {
    if (port === 30_005 || port === 32_000) continue
    api.keyspace.commit({
      then: [{ kind: 'put', key: `/claims/node-ports/${port}` as never, value: Buffer.from('default/x') }],
    })
  }
  const last = await api.post(SERVICES, service('a', { type: 'NodePort' }))
  assert.equal(nodePortOf(last), 32_000)
  assert.equal(nodePortOf(await api.post(SERVICES, service('b', { type: 'NodePort' }))), 30_005)
  const none = await api.post(SERVICES, service('c', { type: 'NodePort' }))
  assert.deepEqual(
    [none.status, message(none)],
    [500, 'Internal error occurred: failed to allocate a nodePort: range is full'],
  )
})

test('claims are brought in line with the objects there are', async () => {
  await using api = await MemoryApi.open()
  const kept = await api.post(SERVICES, service('kept'))
  const store = new ObjectStore(api.keyspace)
  const put = (key: string, text: string) =>
    api.keyspace.commit({ then: [{ kind: 'put', key: key as never, value: Buffer.from(text) }] })
  put('/claims/service-addresses/10.46.9.9', 'default/gone')
  put('/claims/node-ports/30009', 'default/kept')
  const old = { ...(kept.body as KubeObject), metadata: { ...(kept.body as KubeObject).metadata, name: 'old' } }
  put('/objects/core/services/default/old', JSON.stringify({ ...old, spec: { clusterIPs: ['10.46.3.3'] } }))
  assert.deepEqual(await repairClaims(store, RESOURCES, signal), { freed: 2, taken: 1, clashes: [] })
  assert.deepEqual(
    (await claimsOf(api)).sort(),
    [`service-addresses/${addressOf(kept)}=default/kept`, 'service-addresses/10.46.3.3=default/old'].sort(),
  )
  put(
    '/objects/core/services/default/twin',
    JSON.stringify({ ...old, metadata: { ...old.metadata, name: 'twin' }, spec: { clusterIPs: ['10.46.4.4'] } }),
  )
  put('/claims/service-addresses/10.46.4.4', 'default/kept')
  const { clashes } = await repairClaims(store, RESOURCES, signal)
  assert.deepEqual(clashes, ['default/twin has service-addresses/10.46.4.4 of default/kept'])
})
