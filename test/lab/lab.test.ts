import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { PROGRAM } from '../cloud/cli.ts'
import { until } from '../cloud/processes.ts'
import { LABS, startLab, type TestLab } from './lab.ts'
import { assertNoTraces, traces } from './traces.ts'
import { whyNoLab } from './why-no-lab.ts'

suite('a lab', { skip: whyNoLab(), timeout: 240_000 }, () => {
  test('has machines with networks, disks and faults of their own, and leaves nothing behind', async t => {
    const name = `t${process.pid}`
    const before = traces(name, LABS)
    {
      await using lab = await startLab({ machines: 3, nat: '3', latency: '2=60ms', zones: 'a,b,b' })
      await listen(lab, 'm1')
      await t.test('machines have what was planned', () => machines(lab))
      await t.test('machines are one cloud', () => together(lab))
      await t.test('ways are as long as was planned, and nobody calls in behind a NAT', () => ways(lab))
      await t.test('what is cut is cut until it is healed', () => cuts(lab))
      await t.test('a disk is full until it is healed, and rots', () => disks(lab))
      await t.test('a killed machine has what was on its disk, a wiped one nothing', () => deaths(lab))
    }
    await assertNoTraces(before, name, LABS)
  })

  test('is removed whole after its maker was killed in the middle', async () => {
    const name = `k${process.pid}`
    const before = traces(name, LABS)
    const env = { ...process.env, CAIRN_LABS: LABS }
    const lab = (verb: string, ...words: readonly string[]): Words => [
      process.execPath,
      [PROGRAM, 'lab', verb, ...words, '--name', name],
    ]
    const moments: Readonly<Record<string, () => boolean>> = {
      'it is noted what will be made': () => existsSync(`${LABS}/${name}/lab.json`),
      'a machine was made': () => traces(name, LABS)['containers']?.some(each => each.includes(name)) === true,
    }
    for (const [what, holds] of Object.entries(moments)) {
      const making = spawn(...lab('up', '--machines', '2', '--latency', '1=9ms'), { env, stdio: 'ignore' })
      await until(holds, { what })
      making.kill('SIGKILL')
      await once(making, 'close')
      await run(...lab('down'), { env })
      await assertNoTraces(before, name, LABS)
    }
    await assert.rejects(run(...lab('down'), { env }), /there is no lab/)
  })
})

type Words = [program: string, words: readonly string[]]
const run = promisify(execFile)

async function machines(lab: TestLab): Promise<void> {
  assert.equal(
    (await lab.sh('m2', 'hostname; df --output=target /var/lib/cairn | tail -n 1')).trim(),
    'm2\n/var/lib/cairn',
  )
  const { code, out } = await lab.cairn('m3', 'status', '-o', 'json')
  assert.equal(code, 0)
  const { disk } = JSON.parse(out)
  assert.ok(disk.freeBytes > 2 ** 30, `${disk.freeBytes} bytes are free`)
  const { code: seven } = await lab.run('m1', 'sh', '-c', 'exit 7')
  assert.equal(seven, 7)
}

async function together(lab: TestLab): Promise<void> {
  for (const machine of ['m1', 'm2', 'm3']) await lab.untilOnline(machine)
}

async function ways(lab: TestLab): Promise<void> {
  assert.ok((await reach(lab, 'm2', 'm1')) >= 60)
  assert.ok((await reach(lab, 'm3', 'm1')) < 60)
  await listen(lab, 'm3')
  assert.equal(await reach(lab, 'm1', '10.0.42.13'), Number.POSITIVE_INFINITY)
  await lab.slow('m3', { ms: 100 })
  assert.ok((await reach(lab, 'm3', 'm1')) >= 100)
  await lab.heal()
  assert.ok((await reach(lab, 'm3', 'm1')) < 100)
  assert.ok((await reach(lab, 'm2', 'm1')) >= 60)
}

async function cuts(lab: TestLab): Promise<void> {
  await lab.cut('m2', 'm1')
  assert.equal(await reach(lab, 'm2', 'm1'), Number.POSITIVE_INFINITY)
  assert.ok((await reach(lab, 'm3', 'm1')) < 1000)
  await lab.cut('m3')
  assert.equal(await reach(lab, 'm3', 'm1'), Number.POSITIVE_INFINITY)
  await lab.heal()
  await lab.until('m2 reaches m1', async () => (await reach(lab, 'm2', 'm1')) < 2000)
  await lab.until('m3 reaches m1', async () => (await reach(lab, 'm3', 'm1')) < 2000)
}

async function disks(lab: TestLab): Promise<void> {
  await lab.fillDisk('m2')
  assert.match(await lab.sh('m2', 'df --output=avail /var/lib/cairn'), /\n *0\n/)
  await lab.heal()
  assert.doesNotMatch(await lab.sh('m2', 'df --output=avail /var/lib/cairn'), /\n *0\n/)
  await lab.sh('m2', 'head -c 4M /dev/urandom > /mnt/cairn/rotten; sync /mnt/cairn/rotten')
  assert.equal(await lab.corrupt('m2'), 16)
}

async function deaths(lab: TestLab): Promise<void> {
  await lab.sh('m1', 'echo kept > /mnt/cairn/kept; sync /mnt/cairn/kept')
  await lab.kill('m1')
  await assert.rejects(lab.sh('m1', 'true'))
  await lab.start('m1')
  assert.equal(await lab.sh('m1', 'cat /mnt/cairn/kept'), 'kept\n')
  await lab.wipe('m2')
  await lab.start('m2')
  await lab.untilOnline('m1')
  await lab.untilOnline('m2')
}

const PORT = 9000

// Lets a machine answer at a port of its own.
async function listen(lab: TestLab, machine: string): Promise<void> {
  const server = `require('net').createServer(peer => peer.on('error', () => 0).end()).listen(${PORT})`
  await lab.sh(machine, `setsid ${process.execPath} -e "${server}" > /dev/null 2>&1 < /dev/null &`)
  await lab.until(`${machine} listens`, async () => (await reach(lab, machine, '127.0.0.1')) < 5000)
}

// How many milliseconds a connection takes from one machine to another; no end of them when there is none.
async function reach(lab: TestLab, from: string, to: string): Promise<number> {
  const script = `const t = performance.now()
    require('net').connect({ host: '${to}', port: ${PORT} }, () => { console.log(performance.now() - t); process.exit() })
    setTimeout(() => process.exit(1), 1500)
    process.on('uncaughtException', () => process.exit(1))`
  const { code, out } = await lab.run(from, process.execPath, '-e', script)
  return code === 0 ? Number(out) : Number.POSITIVE_INFINITY
}
