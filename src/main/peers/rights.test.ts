import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { isFault } from '#base'
import { machineOf, mapBytes, clusterSetMap } from '#cluster'
import { machineClock } from '#host'
import { answerUnary, type Client, connectTls, message, nothing, openPeer, text, type TlsCredential, unary } from '#rpc'
import { poolHandlers } from '#storage/pool'
import { remoteHandlers } from '../remote-fs/handlers.ts'
import { rootsHandlers } from '../storage/roots.ts'
import { testCloud, type TestCloud, type TestMachine } from '../testing/cloud.ts'
import { renewHandlers } from './admission.ts'
import { METHODS, rightOf } from './rights.ts'

const none = new AbortController().signal

/** How a call ends: it is answered, refused by name, or whoever calls is not connected at all. */
type Outcome = 'allowed' | 'refused' | 'unconnected'

const CALLERS = ['stranger', 'person', 'node', 'controller', 'absent', 'revoked', 'other cloud'] as const
type Caller = (typeof CALLERS)[number]

/** What each kind of caller gets of each kind of method: `absent` has a certificate that holds and is not in the map. */
const TABLE: Readonly<Record<'machine' | 'controller' | 'member' | 'door', Readonly<Record<Caller, Outcome>>>> = {
  machine: {
    stranger: 'refused',
    person: 'unconnected',
    node: 'allowed',
    controller: 'allowed',
    absent: 'allowed',
    revoked: 'refused',
    'other cloud': 'unconnected',
  },
  controller: {
    stranger: 'refused',
    person: 'unconnected',
    node: 'refused',
    controller: 'allowed',
    absent: 'refused',
    revoked: 'refused',
    'other cloud': 'unconnected',
  },
  member: {
    stranger: 'refused',
    person: 'unconnected',
    node: 'allowed',
    controller: 'allowed',
    absent: 'refused',
    revoked: 'refused',
    'other cloud': 'unconnected',
  },
  // Of the local doors: nobody at the port of machines.
  door: {
    stranger: 'refused',
    person: 'unconnected',
    node: 'refused',
    controller: 'refused',
    absent: 'refused',
    revoked: 'refused',
    'other cloud': 'unconnected',
  },
}

const DOOR_METHODS = [
  'cluster.admit',
  'cluster.keepHome',
  'cluster.nodes',
  'cluster.reload',
  'cluster.setMap',
  'cluster.watch',
  'file.put',
  'filesystem.create',
  'filesystem.promote',
  'keyspace.backup',
  'node.down',
  'store.collect',
  'token.create',
]

const named = (name: string) => unary({ name, version: 1, params: nothing, result: text(10), timeoutMs: 5_000 })

// Those that are there already, and ask the control plane.
const OWN: ReadonlySet<string> = new Set(['cluster.renew', 'cluster.seat', 'cluster.setHome'])

suite('at the port of machines', () => {
  let cloud: TestCloud
  let other: TestCloud
  let machine: TestMachine
  const clients = new Map<Caller, () => Promise<Client>>()

  before(async () => {
    cloud = await testCloud()
    other = await testCloud()
    // Each says that it was asked.
    const stubs = METHODS.filter(name => !OWN.has(name)).map(name =>
      answerUnary(named(name), async () => message('asked')),
    )
    machine = await cloud.machine('first', 'controller', stubs)
    const revoked = await cloud.credential('revoked', 'node')
    const members = ['node', 'second'].map(name => ({ ...rowOf(machine), name }))
    const map = cloud.mapOf(1, [machine])
    const machines = [...map.machines, ...members]
    const next = { ...map, machines, revoked: [serialOf(revoked)] }
    await machine.door.exchange(clusterSetMap, message(undefined, mapBytes(next)), none)
    const shown: Readonly<Record<Caller, TlsCredential | { readonly authorityFingerprint: string }>> = {
      stranger: { authorityFingerprint: cloud.fingerprint },
      person: await cloud.credentialOf({ name: 'jane', groups: ['system:masters'] }),
      node: await cloud.credential('node', 'node'),
      controller: await cloud.credential('second', 'controller'),
      absent: await cloud.credential('absent', 'node'),
      revoked,
      'other cloud': await other.credential('node', 'node'),
    }
    for (const caller of CALLERS) clients.set(caller, () => dial(machine.port, shown[caller]))
  })
  after(async () => {
    await cloud[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  })

  for (const caller of CALLERS) {
    test(`a ${caller} may what the table says, and nothing else`, async () => {
      const outcomes: string[] = []
      for (const method of [...METHODS, ...DOOR_METHODS, 'no.such']) {
        const kind = rightOf(method) ?? 'door'
        const outcome = await outcomeOf(clients.get(caller), method)
        if (outcome !== TABLE[kind][caller]) outcomes.push(`${method}: ${outcome}, not ${TABLE[kind][caller]}`)
      }
      assert.deepEqual(outcomes, [])
    })
  }

  test('every method that is served stands in the table', () => {
    const served = [
      ...renewHandlers({ clock: machineClock, software: 'test', dataFolder: '' }),
      ...remoteHandlers({ sessionsOf: () => assert.fail(), accessOf: () => undefined }),
      ...poolHandlers(() => undefined),
      ...rootsHandlers(
        () => undefined,
        { onlyAt: () => assert.fail(), boot: '' },
        () => assert.fail(),
      ),
    ]
    for (const { method } of served) assert.ok(rightOf(method.name) !== undefined, method.name)
    assert.equal(rightOf('toString'), undefined)
  })
})

async function outcomeOf(dialled: (() => Promise<Client>) | undefined, method: string): Promise<Outcome> {
  assert(dialled !== undefined)
  try {
    await using client = await dialled()
    await client.call(named(method), undefined, none)
    return 'allowed'
  } catch (error) {
    if (isFault(error, 'Closed') || isFault(error, 'Unreachable')) return 'unconnected'
    // It came through to what asks the control plane, which there is none of.
    if (OWN.has(method) && (isFault(error, 'NoController') || isFault(error, 'BadMessage'))) return 'allowed'
    const isRefused = ['Forbidden', 'Unsupported', 'Removed'].some(code => isFault(error, code))
    assert.ok(isRefused, `${method}: ${String(error)}`)
    return 'refused'
  }
}

async function dial(port: number, credential: Parameters<typeof connectTls>[0]['credential']): Promise<Client> {
  const isMeant = (peer: Parameters<typeof machineOf>[0]) => machineOf(peer)?.name === 'first'
  const { duplex } = await connectTls({ host: '127.0.0.1', port, credential, isMeant }, none)
  // As a machine is: it is asked too.
  const log = { info: () => undefined, warn: () => undefined }
  return openPeer(duplex, { clock: machineClock, log, software: 'test', handlers: [], side: 'dialler' }, none)
}

function rowOf({ peers: { machines } }: TestMachine) {
  const [row] = machines.map.machines
  assert(row !== undefined)
  return row
}

function serialOf({ certificatePem }: TlsCredential): string {
  return new X509Certificate(certificatePem).serialNumber.toLowerCase()
}
