import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { NodeRow } from '#cluster'
import type { MeshRow, MeshStatus } from '#mesh'
import { LABS, startLab, type TestLab } from './lab.ts'
import { assertNoTraces, traces } from './traces.ts'
import { whyNoLab } from './why-no-lab.ts'

suite('the mesh of a lab', { skip: whyNoLab() || whyNoWireguard(), timeout: 240_000 }, () => {
  test('reaches everybody: through one router or two, and over a relay', async t => {
    const name = `t${process.pid}`
    const before = traces(name, LABS)
    {
      await using lab = await startLab({ machines: 3, nat: '2,3' })
      await t.test('each machine reaches each', () => everybody(lab))
      await t.test('machines have names', () => names(lab))
      await t.test('machines whose mesh processes die are reached meanwhile', () => deaths(lab))
      await t.test('who is not reached directly is relayed, until that works', () => relayed(lab))
      await t.test('keys are changed while packets flow', () => rotated(lab))
    }
    await assertNoTraces(before, name, LABS)
  })
})

function whyNoWireguard(): string | false {
  const isThere = (program: string) =>
    ['/usr/bin', '/usr/sbin', '/usr/local/bin'].some(folder => existsSync(`${folder}/${program}`))
  if (!isThere('wg')) return 'wireguard-tools are not installed'
  return isThere('wireguard-go') || existsSync('/sys/module/wireguard') ? false : 'there is no WireGuard'
}

const MACHINES = ['m1', 'm2', 'm3']

async function meshOf(lab: TestLab, machine: string): Promise<MeshStatus> {
  const { code, out, err } = await lab.cairn(machine, 'mesh', '-o', 'json')
  assert.equal(code, 0, err)
  return JSON.parse(out) as MeshStatus
}

async function rowOf(lab: TestLab, from: string, to: string): Promise<MeshRow> {
  const row = (await meshOf(lab, from)).machines.find(({ name }) => name === to)
  assert.ok(row !== undefined, `${to} is not on the mesh of ${from}`)
  return row
}

async function everybody(lab: TestLab): Promise<void> {
  for (const machine of MACHINES) {
    await lab.until(
      `${machine} reaches all`,
      async () => {
        const { machines } = await meshOf(lab, machine)
        return machines.length === MACHINES.length && machines.every(({ path }) => path !== 'none')
      },
      60_000,
    )
  }
  const { machines, nat } = await meshOf(lab, 'm3')
  assert.deepEqual(machines.map(({ address }) => address).sort(), ['10.44.0.1', '10.44.0.2', '10.44.0.3'])
  assert.equal((await rowOf(lab, 'm1', 'm3')).path, 'punched')
  assert.ok(['portRestrictedCone', 'unknown'].includes(nat), nat)
  assert.ok(await connects(lab, 'm1', '10.44.0.2'))
  // Two machines behind two routers are connected only so.
  await lab.until('m3 is connected to m2', async () => {
    const { out } = await lab.cairn('m3', 'node', 'ls', '-o', 'json')
    const { nodes } = JSON.parse(out) as { readonly nodes: readonly NodeRow[] }
    return nodes.every(({ isConnected }) => isConnected)
  })
}

// To the port of machines, over the mesh.
async function connects(lab: TestLab, from: string, host: string): Promise<boolean> {
  const script = `const s = require('net').connect({ host: '${host}', port: 7443 }, () => process.exit(0))
    s.on('error', () => process.exit(1)); setTimeout(() => process.exit(1), 3000)`
  return (await lab.run(from, process.execPath, '-e', script)).code === 0
}

async function names(lab: TestLab): Promise<void> {
  const { machines } = await meshOf(lab, 'm3')
  const own = machines.find(({ path }) => path === 'this machine')?.address ?? ''
  const other = machines.find(({ name }) => name === 'm2')?.address ?? ''
  await lab.sh('m3', `cp /etc/resolv.conf /tmp/kept; echo nameserver ${own} > /etc/resolv.conf`)
  assert.match(await lab.sh('m3', 'getent ahostsv4 m2.cairn.internal'), new RegExp(`^${other} `))
  assert.match(await lab.sh('m3', `getent hosts ${other}`), /m2\.cairn\.internal/)
  assert.ok(await connects(lab, 'm3', 'm2.cairn.internal'))
  assert.notEqual((await lab.run('m3', 'getent', 'hosts', 'nobody.cairn.internal')).code, 0)
  await lab.sh('m3', 'cat /tmp/kept > /etc/resolv.conf')
}

const PROCESS = "pgrep -f '[c]airn.ts mesh$'"

async function deaths(lab: TestLab): Promise<void> {
  // What they are to find out next, they find out anew.
  const drop = (from: string, to: string) =>
    `add rule bridge mesh f ip saddr ${from} ip daddr ${to} udp dport 51820 drop`
  const [m2, m3] = ['10.0.42.12', '10.0.42.13']
  const chain = 'add table bridge mesh; add chain bridge mesh f { type filter hook forward priority 0; policy accept; }'
  nft(lab, [chain, drop(m2, m3), drop(m3, m2)].join('; '))
  for (const machine of ['m2', 'm3']) {
    const before = (await lab.sh(machine, PROCESS)).trim()
    await lab.sh(machine, `kill -9 ${before}`)
    assert.ok(await connects(lab, machine, '10.44.0.1'))
    await lab.until('it is there again', async () => ![before, ''].includes((await lab.sh(machine, PROCESS)).trim()))
    assert.equal((await lab.sh(machine, 'ls /sys/class/net | grep -c cairn')).trim(), '1')
  }
}

async function relayed(lab: TestLab): Promise<void> {
  for (const [from, to] of [
    ['m2', 'm3'],
    ['m3', 'm2'],
  ] as const) {
    await lab.until(`${from} reaches ${to} over m1`, async () => (await rowOf(lab, from, to)).via === 'm1', 60_000)
  }
  await lab.until('m3 answers over it', () => connects(lab, 'm2', '10.44.0.3'))
  nft(lab, 'delete table bridge mesh')
  await lab.until('m2 reaches m3 directly', async () => (await rowOf(lab, 'm2', 'm3')).path === 'punched', 60_000)
  await lab.until('m3 answers directly', () => connects(lab, 'm2', '10.44.0.3'))
}

function nft(lab: TestLab, line: string): void {
  execFileSync('ip', ['netns', 'exec', `cairn-lab-${lab.lab.name}`, 'nft', line])
}

async function rotated(lab: TestLab): Promise<void> {
  const { publicKey: before } = await meshOf(lab, 'm2')
  const { code, out, err } = await lab.cairn('m2', 'mesh', 'rotate', '-o', 'json')
  assert.equal(code, 0, err)
  const { publicKey } = JSON.parse(out) as { readonly publicKey: string }
  assert.notEqual(publicKey, before)
  await lab.until('m1 speaks to m2 with the new key', async () => {
    const peers = await lab.sh('m1', 'wg show all peers')
    return peers.includes(publicKey) && !peers.includes(before ?? '-')
  })
  await lab.until('and reaches it', () => connects(lab, 'm1', '10.44.0.2'))
}
