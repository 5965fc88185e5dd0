import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabNames } from '../names.ts'
import { planOf } from '../plan.ts'
import { type WaySigns, wayTrouble } from './trouble.ts'

const names = new LabNames('lx')
const { machines } = planOf({ name: 'lx', machines: 12, memory: '512M', cpus: 1, disk: '2G', latency: '3=40ms' }, 2)

// As ip 6.1 and nft 1.0.6 print them.
const LINKS = `2: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default\\
3: m1@if2: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue master br0 state DOWN mode DEFAULT group default
4: m2@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master m2-br state UP mode DEFAULT
5: m2-out: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast master br0 state UNKNOWN mode DEFAULT
6: m3@if2: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue master br0 state LOWERLAYERDOWN mode DEFAULT
7: m12@if2: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue master br0 state DOWN mode DEFAULT group default
`
const RULES = `table bridge lab {
	chain pass {
		type filter hook forward priority 0; policy accept;
		iifname { "m2", "m2-out" } oifname { "m1", "m1-out" } drop
		iifname { "m2", "m2-out" } oifname { "m3", "m3-out" } drop
		iifname { "m3", "m3-out" } oifname { "m2", "m2-out" } drop
		iifname { "m12", "m12-out" } oifname { "m11", "m11-out" } drop
	}

	chain loss-m2 {
		type filter hook forward priority 1; policy accept;
		iifname "m2" numgen random mod 1000 < 15 drop
		oifname "m2" numgen random mod 1000 < 15 drop
	}

	chain loss-m3 {
		type filter hook forward priority 1; policy accept;
	}
}
`
const CARRIERS = ['conmon -c 1', '/bin/node /srv/delay.ts m3-out m3-in 20', '/bin/node /srv/delay.ts m2-out m2-in 0.5']

function troubleOf(number: number, signs: WaySigns | undefined) {
  const machine = machines[number - 1]
  assert.ok(machine)
  return wayTrouble(names, machine, { machines, signs })
}

test('what was done to the way to a machine is read from what is there', () => {
  const signs = { links: LINKS, rules: RULES, carriers: CARRIERS }
  assert.deepEqual(troubleOf(1, signs), { isCutOff: true, cutTo: [], latencyMs: 0, lossPercent: 0 })
  assert.deepEqual(troubleOf(2, signs), { isCutOff: false, cutTo: ['m1', 'm3'], latencyMs: 1, lossPercent: 1.5 })
  assert.deepEqual(troubleOf(3, signs), { isCutOff: false, cutTo: ['m2'], latencyMs: 40, lossPercent: 0 })
  assert.deepEqual(troubleOf(12, signs), { isCutOff: true, cutTo: ['m11'], latencyMs: 0, lossPercent: 0 })
})

test('without a network a way is as it was planned', () => {
  assert.deepEqual(troubleOf(3, undefined), { isCutOff: false, cutTo: [], latencyMs: 40, lossPercent: 0 })
})
