import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { whyNoEtcd } from '../etcd/server.ts'
import { startLab, type TestLab } from './lab.ts'
import { type Pauses, readOn, writeForReaders } from './reader.ts'
import { whyNoLab } from './why-no-lab.ts'

/** Milliseconds within which a cloud goes on after any machine was lost; machines of a lab that share two processors take longer. */
const GOES_ON_MS = 15_000
const LOOKS_MS = 15_000
/** The longest that reads may wait, also of what a machine never looked at: long before anything takes over for who was lost. */
const READS_WAIT_MS = 6_000
const READ = { folder: '/mnt/cairn/readers', known: 20, fresh: 300 }
const READ_MS = 24_000
const OTHERS = ['m2', 'm3'] as const

suite('three controllers', { skip: whyNoLab() || whyNoEtcd(), timeout: 240_000 }, () => {
  test('go on when the first of them is lost, and take it in again', async t => {
    await using lab = await startLab({ machines: 3, controllers: 3 })
    await lab.untilOnline('m1')
    await lab.sh('m1', 'echo before > /mnt/cairn/before && sync /mnt/cairn/before')
    assert.equal(await lab.sh('m3', 'cat /mnt/cairn/before'), 'before\n')
    await inSync(lab)
    await writeForReaders(lab, 'm1', READ)
    const read = await reading(lab, OTHERS)
    const killedAt = performance.now()
    await lab.kill('m1')
    await t.test('control works on another, whose controllers lead', () => controlled(lab, killedAt))
    await t.test('files are read and written by themselves', () => written(lab, killedAt))
    await t.test('files are read all the time', () => readAllTheTime(lab, read))
    await t.test('the lost one comes back as a controller', () => back(lab))
    await t.test('a backup comes back on all of them while they work', () => restored(lab))
    await t.test('one that gets another address is a member there, which the others need', () => moved(lab))
  })
})

/** Waits until the log of home is on another machine too. */
async function inSync(lab: TestLab): Promise<void> {
  const rows = async () => JSON.parse((await lab.cairn('m1', 'status', '-o', 'json')).out).filesystems
  await lab.until('the log of home to be on two machines', async () => (await rows())[0].inSync.length >= 2)
}

/** Begins to read on machines, as programs do that were there before; answers when all have looked at what they shall know. */
async function reading(
  lab: TestLab,
  machines: readonly string[],
): Promise<{ readonly done: Promise<readonly Pauses[]> }> {
  const began = machines.map(() => Promise.withResolvers<void>())
  const reads = machines.map((machine, at) => {
    const read = readOn(lab, machine, { ...READ, ms: READ_MS }, () => began[at]?.resolve())
    read.catch(error => began[at]?.reject(error))
    return read
  })
  await Promise.all(began.map(({ promise }) => promise))
  return { done: Promise.all(reads) }
}

async function readAllTheTime(lab: TestLab, { done }: Awaited<ReturnType<typeof reading>>): Promise<void> {
  const read = await done
  const [row] = JSON.parse((await lab.cairn('m2', 'fs', 'ls', '-o', 'json')).out)
  for (const [at, { open, known, fresh, counts, errors }] of read.entries()) {
    assert.deepEqual(errors, [])
    // On the next home another storage process takes over meanwhile, which on a busy machine takes its time.
    const maxMs = OTHERS[at] === row.home ? GOES_ON_MS : READS_WAIT_MS
    const waited = `an open file waited ${open} ms, one that is known ${known} ms, one that nobody had looked at ${fresh} ms`
    assert.ok(Math.max(open, known, fresh) < maxMs, waited)
    assert.ok(Math.min(counts.open, counts.known) > 100, JSON.stringify(counts))
  }
}

async function controlled(lab: TestLab, killedAt: number): Promise<void> {
  await lab.until('a token from m2', async () => (await lab.cairn('m2', 'token', 'create', '--user', 'ada')).code === 0)
  const ms = Math.round(performance.now() - killedAt)
  assert.ok(ms < GOES_ON_MS + LOOKS_MS, `control took ${ms} ms`)
}

async function written(lab: TestLab, killedAt: number): Promise<void> {
  await lab.until('a synced write on m2', async () => {
    // One that was begun before waits for the home that is gone.
    const write = "timeout 3 sh -ec 'echo after > /mnt/cairn/after; sync /mnt/cairn/after; echo done'"
    return (await lab.sh('m2', write)) === 'done\n'
  })
  const ms = Math.round(performance.now() - killedAt)
  assert.ok(ms < GOES_ON_MS + LOOKS_MS, `the first write took ${ms} ms`)
  assert.equal(await lab.sh('m3', 'cat /mnt/cairn/before /mnt/cairn/after'), 'before\nafter\n')
}

async function back(lab: TestLab): Promise<void> {
  await lab.start('m1')
  await lab.until('the API of m1', async () => {
    return JSON.parse((await lab.cairn('m1', 'status', '-o', 'json')).out).api?.startsWith('https://') === true
  })
  await lab.untilOnline('m1')
  assert.equal(await lab.sh('m1', 'cat /mnt/cairn/before /mnt/cairn/after'), 'before\nafter\n')
}

async function restored(lab: TestLab): Promise<void> {
  const create = async (name: string) => {
    const { out, err } = await lab.cairn(name, 'token', 'create', '--user', 'ada', '-o', 'json')
    return JSON.parse(out || assert.fail(err)).token.replace(/\..*/, '')
  }
  const tokens = async (name: string) => (await lab.cairn(name, 'token', 'ls')).out
  const early = await create('m1')
  assert.match((await lab.cairn('m1', 'keyspace', 'backup', '/root/cloud.backup')).out, /^Saved/)
  const late = await create('m3')
  const { out, err } = await lab.cairn('m1', 'keyspace', 'restore', '/root/cloud.backup', '--force')
  assert.match(out, /^Restored/, err)
  for (const name of ['m1', 'm2', 'm3']) {
    await lab.until(`${name} to have what was restored`, async () => {
      const now = await tokens(name)
      return now.includes(early) && !now.includes(late)
    })
  }
  assert.equal(await lab.sh('m3', 'cat /mnt/cairn/before /mnt/cairn/after'), 'before\nafter\n')
}

const OTHER = '10.0.42.99'
/** It takes half a minute where nothing else is to be done. */
const FOLLOWS_MS = 120_000

/** As DHCP does it: the address it had is gone. Then the members are a majority only with the one that has moved. */
async function moved(lab: TestLab): Promise<void> {
  const device = 'dev=$(ip -o -4 addr show to 10.0.42.13 | tr -s " " | cut -d" " -f2)'
  await lab.sh('m3', `${device}; ip addr del 10.0.42.13/24 dev $dev; ip addr add ${OTHER}/24 dev $dev`)
  for (const name of ['m1', 'm2', 'm3']) {
    const keyspace = () => lab.sh(name, 'cat /var/lib/cairn/keyspace.json')
    const asksThere = async () => (await keyspace()).includes(`//${OTHER}:`)
    await lab.until(`${name} to ask the member at ${OTHER}`, asksThere, FOLLOWS_MS)
  }
  await lab.kill('m2')
  for (const name of ['m1', 'm3']) {
    const works = async () => (await lab.cairn(name, 'token', 'create', '--user', 'ada')).code === 0
    await lab.until(`a token from ${name}`, works, FOLLOWS_MS)
  }
}
