import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskReport, HeardMachine, MachineReport } from '#cluster'
import { jsonAt, type KubeObject, textAt } from '#schema'
import { conditionsOf, leavingConditions, type MachineFacts } from './conditions.ts'
import { happenings } from './happenings.ts'
import { nodeStatus } from './node-object.ts'
import { problemsOf } from './problems.ts'

const disk: DiskReport = {
  id: 'd',
  path: '/data',
  state: 'Ready',
  capacityMiB: 1000,
  usedMiB: 100,
  freeMiB: 900,
  chunks: 90,
  damaged: 0,
}

function heard(more: Partial<HeardMachine> = {}, report: Partial<MachineReport> = {}): HeardMachine {
  const whole: MachineReport = {
    software: 'cairn 0.1.0',
    level: 2,
    zone: '',
    addresses: [],
    architecture: 'arm64',
    kernel: '6.1',
    os: 'Debian',
    cpus: 4,
    memoryMiB: 1024,
    disks: [disk],
    ...report,
  }
  return { name: 'nas', state: 'Online', agoMs: 1, skewMs: 0, report: whole, ...more }
}

const facts = (more: Partial<MachineFacts> = {}): MachineFacts => ({
  machine: { name: 'nas', role: 'node', zone: '', addresses: [], state: 'Online', disks: [] },
  heard: heard(),
  problems: [],
  homes: [],
  ...more,
})

const levels = { level: 2, levelMax: 2 }

test('a machine whose disk was copied is Degraded, and both are named', () => {
  const [problem] = problemsOf(heard({ seenFrom: '10.0.0.5', duplicate: '10.0.0.9', skewMs: 5_000 }), levels)
  assert.equal(problem?.reason, 'Duplicate')
  assert.match(
    problem.message,
    /two machines answer as nas: the first, at 10\.0\.0\.5, and one at 10\.0\.0\.9, which is/,
  )
})

test('people are told what is wrong with a machine, the worst first', () => {
  const reasons = (machine: HeardMachine, at = levels) => problemsOf(machine, at).map(({ reason }) => reason)
  assert.deepEqual(reasons(heard()), [])
  assert.deepEqual(reasons(heard({ skewMs: 999 })), [])
  const all = heard(
    { skewMs: 2000 },
    {
      level: 1,
      disks: [
        { ...disk, state: 'Full' },
        { ...disk, damaged: 3 },
      ],
    },
  )
  assert.deepEqual(reasons(all, { level: 1, levelMax: 2 }), ['DiskFailing', 'ClockSkew', 'DiskFull', 'Version'])
  assert.deepEqual(reasons(heard({}, { disks: [{ ...disk, usedMiB: 960, freeMiB: 40 }] })), ['DiskFull'])
  assert.deepEqual(reasons(heard({}, { disks: [{ ...disk, state: 'Missing', usedMiB: 0, freeMiB: 0 }] })), [
    'DiskFailing',
  ])
  assert.match(problemsOf(heard({ skewMs: -61_000 }), levels)[0]?.message ?? '', /over 60 s behind: it may not write/)
  assert.match(problemsOf(heard({}, { level: 1 }), levels)[0]?.message ?? '', /up to 1, and the cloud uses 2: upgrade/)
})

test('what a skew is to the millisecond is no news', () => {
  const message = (skewMs: number) => problemsOf(heard({ skewMs }), levels)[0]?.message
  assert.equal(message(2000), message(30_000))
})

test('a condition that has not changed keeps its times, and a status that says the same is the same', () => {
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'nas', uid: 'u', creationTimestamp: '' },
    status: { conditions: [{ type: 'Ours', status: 'True' }] },
  }
  const status = nodeStatus(node, facts(), 'T1')
  const told = { ...node, status }
  assert.equal(nodeStatus(told, facts(), 'T2'), status)
  const problems = [{ reason: 'ClockSkew', message: 'late' }] as const
  const later = conditionsOf(told, facts({ problems }), 'T3')
  const row = (type: string) => {
    const found = later.find(each => each['type'] === type)
    return ['status', 'lastTransitionTime', 'lastHeartbeatTime'].map(name => textAt(found, name))
  }
  assert.deepEqual(row('Ready'), ['True', 'T1', 'T3'])
  assert.deepEqual(row('Degraded'), ['True', 'T3', 'T3'])
  assert.deepEqual(row('Suspect'), ['False', 'T1', 'T1'])
  assert.deepEqual(row('Ours').slice(0, 1), ['True'])
  assert.deepEqual(jsonAt(status, 'nodeInfo', 'architecture'), 'arm64')
})

test('a Node says of its machine what holds of Online, Suspect, Offline and Removed, with reasons', () => {
  const { machine } = facts()
  const said = (state: 'Online' | 'Suspect' | 'Offline') => {
    const conditions = conditionsOf(undefined, facts({ machine: { ...machine, state } }), 'T')
    return ['Online', 'Suspect', 'Offline', 'Removed'].map(type => {
      const found = conditions.find(each => each['type'] === type)
      return `${textAt(found, 'status')} ${textAt(found, 'reason')}`
    })
  }
  assert.deepEqual(said('Online'), ['True Heard', 'False Heard', 'False Heard', 'False InCloud'])
  assert.deepEqual(said('Suspect'), ['False Suspect', 'True HeartbeatLate', 'False HeartbeatLate', 'False InCloud'])
  assert.deepEqual(said('Offline'), ['False Offline', 'False Offline', 'True NotHeard', 'False InCloud'])
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'nas', uid: 'u', creationTimestamp: '' },
  }
  const leaving = leavingConditions({ ...node, status: nodeStatus(node, facts(), 'T1') }, 'T2')
  const removed = leaving.find(each => each['type'] === 'Removed')
  assert.deepEqual([textAt(removed, 'status'), textAt(removed, 'reason')], ['True', 'NodeDeleted'])
  assert.ok(leaving.some(each => each['type'] === 'Ready'))
})

test('a machine that is drained can be switched off when it holds nothing and is the home of nothing', () => {
  const said = (chunks: number, homes: readonly string[] = []) => {
    const machine = { ...facts().machine, state: 'Draining' } as const
    const all = facts({ machine, heard: heard({}, { disks: [{ ...disk, chunks }] }), homes })
    const found = conditionsOf(undefined, all, 'T').find(each => each['type'] === 'Draining')
    return `${textAt(found, 'reason')}: ${textAt(found, 'message')}`
  }
  assert.equal(said(0), 'Empty: nothing is left on it: it can be switched off')
  assert.equal(said(123), 'Moving: about 120 chunks in 100Mi are still on it')
  assert.equal(said(0, ['home']), 'Moving: it is the home of home')
})

test('people hear when a machine comes, goes, is back and is unwell, each once', () => {
  const bare: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'nas', uid: 'u', creationTimestamp: '' },
  }
  const { machine } = facts()
  const steps: readonly Partial<MachineFacts>[] = [
    {},
    { machine: { ...machine, state: 'Suspect' } },
    { machine: { ...machine, state: 'Offline' } },
    {},
    { problems: [{ reason: 'DiskFull', message: 'full' }] },
    { problems: [{ reason: 'DiskFull', message: 'full' }] },
  ]
  let node = bare
  const said = steps.map((step, at) => {
    const status = nodeStatus(node, facts(step), `T${at}`)
    const reasons = happenings(node, status).map(({ reason }) => reason)
    node = { ...bare, status }
    return reasons.join()
  })
  assert.deepEqual(said, ['Online', '', 'Offline', 'Online', 'DiskFull', ''])
})
