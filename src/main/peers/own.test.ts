import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import type { MachineReport } from '#cluster'
import { peerAddressOf } from './listen-words.ts'
import { LoadMeter } from './load.ts'
import { type Interfaces, ownAddresses } from './own-addresses.ts'
import { isNews } from './own-report.ts'

function face(address: string, internal = false) {
  const [family, netmask] = address.includes(':') ? (['IPv6', 'ffff::'] as const) : (['IPv4', '255.0.0.0'] as const)
  const common = { address, netmask, mac: '', internal, cidr: null }
  return family === 'IPv6' ? { ...common, family, scopeid: 0 } : { ...common, family }
}

test('others are told the addresses that may work, likely ones first', () => {
  const interfaces: Interfaces = {
    lo: [face('127.0.0.1', true), face('::1', true)],
    podman0: [face('10.88.0.1')],
    'br-3f2a': [face('172.18.0.1')],
    eth0: [face('fd00::5'), face('192.168.1.5'), face('fe80::1'), face('169.254.3.3')],
  }
  assert.deepEqual(ownAddresses(interfaces, 7443), [
    '192.168.1.5:7443',
    '[fd00::5]:7443',
    '10.88.0.1:7443',
    '172.18.0.1:7443',
  ])
})

test('a machine with many addresses tells the first of them', () => {
  const many = Array.from({ length: 100 }, (_, index) => face(`10.0.0.${index + 1}`))
  assert.equal(ownAddresses({ eth0: many }, 7443).length, 8)
})

test('--peer-listen is an address, none, or everywhere', () => {
  assert.deepEqual(peerAddressOf(''), { host: undefined, port: 7443 })
  assert.equal(peerAddressOf('none'), undefined)
  assert.deepEqual(peerAddressOf('0.0.0.0'), { host: '0.0.0.0', port: 7443 })
  assert.deepEqual(peerAddressOf('[::1]:99'), { host: '::1', port: 99 })
  for (const words of ['a b', ':1', 'host:port', 'host:70000']) {
    assert.throws(
      () => peerAddressOf(words),
      error => isFault(error, 'Invalid'),
    )
  }
})

test('an idle machine says nothing new, a busy or changed one does', () => {
  const disk = { id: 'd', path: '/', state: 'Ready', capacityMiB: 100_000, usedMiB: 500, freeMiB: 90_000 } as const
  const report: MachineReport = {
    software: 'test',
    level: 1,
    zone: '',
    addresses: ['a:1'],
    architecture: 'x64',
    kernel: '6',
    os: 'test',
    cpus: 4,
    memoryMiB: 8_192,
    disks: [{ ...disk, chunks: 10_000, damaged: 0 }],
  }
  const withDisk = (more: Partial<MachineReport['disks'][number]>): MachineReport => {
    return { ...report, disks: report.disks.map(each => ({ ...each, ...more })) }
  }
  assert(isNews(undefined, report))
  const quiet = [withDisk({ usedMiB: 700, chunks: 10_100 })]
  for (const same of quiet) assert(!isNews(report, same))
  const changed = [
    { ...report, addresses: ['b:1'] },
    { ...report, disks: [] },
    withDisk({ usedMiB: 900 }),
    withDisk({ damaged: 1 }),
    withDisk({ state: 'Full' }),
  ]
  for (const news of changed) assert(isNews(report, news), JSON.stringify(news))
})

test('the load of this machine is measured', () => {
  const meter = new LoadMeter()
  meter.measure()
  const untilMs = performance.now() + 60
  while (performance.now() < untilMs) Math.sqrt(untilMs)
  const { cpus, cpuUsedMilli, memoryMiB, memoryUsedMiB } = meter.measure()
  assert(cpus >= 1 && memoryMiB > 0 && memoryUsedMiB > 0 && memoryUsedMiB <= memoryMiB)
  assert(cpuUsedMilli > 0, `${cpuUsedMilli}`)
})
