import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { startMachine } from './machine/container.ts'
import { LabNames } from './names.ts'
import { networkUp } from './network/up.ts'
import { type NodeWishes, nodeOf, planOf } from './plan.ts'

const PROGRAM = { folder: '/srv/cairn', cairn: '/srv/cairn/bin/cairn', flip: ['node'], compile: ['node'] } as const
const plan = planOf({ name: 'two', machines: 2, memory: '512M', cpus: 1, disk: '2G', nat: '2' }, 2)
const names = new LabNames('two')

test('a lab makes nothing in the network namespace of the host, but one interface when the host is on its network', () => {
  const inHost = (isOnHost: boolean) =>
    networkUp({ ...plan, isOnHost }, names).filter(
      ([program, first = '', second, ...rest]) =>
        program !== 'ip' || !(first === '-n' || first === 'netns' || (second === 'add' && isFar(rest))),
    )
  assert.deepEqual(inHost(false), [])
  assert.deepEqual(
    inHost(true).map(command => command.slice(0, 5).join(' ')),
    ['ip link add cairn-nodes type', 'ip addr add 10.0.42.1/24 dev', 'ip link set cairn-nodes up'],
  )
})

// Both ends of a veth pair are named with the namespace they are made in.
function isFar(words: readonly string[]): boolean {
  return words.filter(word => word === 'netns').length === 2
}

test('names of a lab say whose they are, whatever other labs are called', () => {
  const [first] = plan.machines
  assert.ok(first !== undefined)
  assert.equal(names.isNamespace(names.machine(first)), true)
  assert.equal(new LabNames('tw').isNamespace(names.machine(first)), false)
  assert.equal(new LabNames('two-m1').isNamespace(names.machine(first)), false)
})

test('a machine has the limits that were asked for, and sees the program but may not change it', () => {
  const [first] = plan.machines
  assert.ok(first !== undefined)
  const life = { device: '/dev/loop7', program: PROGRAM, words: ['up'], hosts: new Map([['m1', '10.0.42.11']]) }
  const command = startMachine(names, first, life).join(' ')
  assert.match(command, / --memory 536870912 --cpus 1 --volume \/srv\/cairn:\/srv\/cairn:ro /)
  assert.match(command, / sh \/dev\/loop7 \/srv\/cairn\/bin\/cairn up$/)
  const weighed = startMachine(names, { ...first, cpuWeight: 512 }, life).join(' ')
  assert.match(weighed, / --cpu-shares 512 /)
})

const NODE: NodeWishes = { name: 'one', memoryMiB: 512, cpuWeight: 1024, storage: '2G' }

test('a simulated machine gets the smallest number that is free, and an address by it', () => {
  const [first, second] = plan.machines
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(nodeOf(NODE, []).address, '10.0.42.11')
  assert.equal(nodeOf(NODE, [first]).address, '10.0.42.12')
  assert.equal(nodeOf(NODE, [second]).address, '10.0.42.11')
})

test('a simulated machine that cannot be is refused by what is wrong', () => {
  const bad: readonly (readonly [Partial<NodeWishes>, string, RegExp])[] = [
    [{ name: 'One' }, 'Invalid', /"One"/],
    [{ name: 'm1' }, 'Exists', /m1/],
    [{ memoryMiB: 1 }, 'Invalid', /--mem 1/],
    [{ cpuWeight: 0 }, 'Invalid', /--cpu 0/],
    [{ cpuWeight: 10_001 }, 'Invalid', /--cpu 10001/],
    [{ storage: '1M' }, 'Invalid', /--storage 1M/],
  ]
  for (const [wish, code, named] of bad) {
    assert.throws(
      () => nodeOf({ ...NODE, ...wish }, plan.machines),
      error => isFault(error, code) && named.test(error.message),
      JSON.stringify(wish),
    )
  }
})
