import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openCloud } from '../cloud.ts'
import { LABS } from './lab.ts'
import { assertNoTraces, traces } from './traces.ts'
import { whyNoLab } from './why-no-lab.ts'

process.env['CAIRN_LABS'] = LABS

// Where simulated machines reach it, but not at the usual port, which a Cairn of this machine may have.
const LISTEN = `0.0.0.0:${20_000 + (process.pid % 10_000)}`

suite('simulated machines', { skip: whyNoLab(), timeout: 120_000 }, () => {
  test('are of the cloud that runs here from create to rm, which refuses real ones', async () => {
    await using cloud = await openCloud({ api: true, mount: false, before: ['env', `CAIRN_PEER_LISTEN=${LISTEN}`] })
    const before = traces('nodes', LABS)
    const name = `sim${process.pid}`
    const cairn = async (...words: readonly string[]) => {
      const { code, out, err } = await cloud.run(...words)
      assert.equal(code, 0, err)
      return out
    }
    const row = async () => (await cairn('node', 'ls')).split('\n').find(line => line.startsWith(`${name} `)) ?? ''
    try {
      await cairn('node', 'create', name, '--storage', '1G', '--mem', '256', '--cpu', '512')
      assert.match(await row(), / node +Online /)
      await cairn('node', 'stop', name)
      await cairn('node', 'start', name)
      assert.match(await row(), / node +Online /)
      const real = await cloud.run('node', 'rm', 'real')
      assert.match(real.err, /^error: real is no simulated machine .*\nhint: .*cairn node remove/)
      await cairn('node', 'rm', name, '--force')
      assert.equal(await row(), '')
    } finally {
      await cloud.run('node', 'rm', name, '--force')
    }
    await assertNoTraces(before, 'nodes', LABS)
  })
})
