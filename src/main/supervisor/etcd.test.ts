import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Clock, World } from '#base'
import { machineWorld } from '#host'
import { until } from '../../../test/cloud/processes.ts'
import { writeMember } from '../members/member-file.ts'
import { Etcd } from './etcd.ts'

/** Notes each start, and does not end when it is told, as etcd does while peers of an address that is gone are connected. */
const STUBBORN = `#!${process.execPath}
const fs = require('node:fs')
fs.appendFileSync(process.env.CAIRN_TEST_STARTS, process.argv.find(word => word.startsWith('--listen-peer-urls=')) + '\\n')
process.on('SIGTERM', () => undefined)
setInterval(() => undefined, 1000)
`

test('an etcd that does not end when this machine has another address is killed, and runs there', async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-etcd-'))
  using cleaning = new DisposableStack()
  cleaning.defer(() => fs.rmSync(home, { recursive: true }))
  const [programs, starts] = [path.join(home, 'bin'), path.join(home, 'starts')]
  fs.mkdirSync(programs)
  fs.writeFileSync(path.join(programs, 'etcd'), STUBBORN, { mode: 0o700 })
  process.env['PATH'] = `${programs}:${process.env['PATH']}`
  process.env['CAIRN_TEST_STARTS'] = starts
  const move = (host: string): void => {
    const members = [{ name: 'm1', peerUrl: `https://${host}:2380` }]
    writeMember(home, { name: 'm1', host, clientPort: 2379, peerPort: 2380, isFirst: true, members })
  }
  const started = (): string => (fs.existsSync(starts) ? fs.readFileSync(starts, 'utf8') : '')
  move('10.0.0.1')
  await using etcd = new Etcd(home, { ...machineWorld, clock: hurried(machineWorld.clock), log: silent })
  await until(() => started().includes('//10.0.0.1:'), { what: 'it to start' })
  etcd.look()
  move('10.0.0.2')
  etcd.look()
  await until(() => started().includes('//10.0.0.2:'), { what: 'it to start at the other address' })
  assert.equal(started().split('\n').filter(Boolean).length, 2)
})

const silent: World['log'] = { info: () => undefined, warn: () => undefined }

/** A hundred times as fast. */
function hurried(clock: Clock): Clock {
  return {
    wallNs: () => clock.wallNs(),
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms, signal) => clock.sleep(ms / 100, signal),
  }
}
