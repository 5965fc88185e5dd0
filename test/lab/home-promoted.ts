import assert from 'node:assert/strict'
import { startLab, type TestLab } from './lab.ts'
import { whyNoLab } from './why-no-lab.ts'

const FILES = 40

/** The machine that is the home is lost, a person makes another the home, and the first one comes back: nothing synced is lost. */
export async function homePromoted(): Promise<string | void> {
  const why = whyNoLab()
  if (why !== false) return `not run: ${why}`
  await using lab = await startLab({ machines: 3 })
  await lab.untilOnline('m1')
  const written = await shipped(lab)
  await promoted(lab, written)
  await back(lab, written)
  await told(lab, written)
}

/** What was written, as sha256sum says, and who has the log. */
interface Written {
  readonly sums: readonly string[]
  readonly next: string
  readonly other: string
}

interface Row {
  readonly name: string
  readonly home?: string
  readonly inSync?: readonly string[]
}

async function row(lab: TestLab, machine: string): Promise<Row> {
  const { out } = await lab.cairn(machine, 'fs', 'ls', '-o', 'json')
  const found = (JSON.parse(out) as readonly Row[]).find(({ name }) => name === 'home')
  assert.ok(found !== undefined, out)
  return found
}

function write(folder: string): string {
  const file = `head -c $((i % 20 == 0 ? 3000000 : 5000)) /dev/urandom > ${folder}/$i && sync ${folder}/$i`
  return `mkdir -p ${folder}; for i in $(seq ${FILES}); do ${file} && (cd ${folder} && sha256sum $i); done`
}

async function same(lab: TestLab, machine: string, folder: string, sums: string): Promise<void> {
  const check = `cd ${folder} && sha256sum --check --quiet - <<'SUMS'\n${sums}\nSUMS\necho whole`
  assert.equal((await lab.sh(machine, check)).trim(), 'whole', machine)
}

async function shipped(lab: TestLab): Promise<Written> {
  await lab.until('the log to be on two machines', async () => (await row(lab, 'm1')).inSync?.length === 2)
  const next = (await row(lab, 'm1')).inSync?.[1] ?? ''
  const other = next === 'm2' ? 'm3' : 'm2'
  const writes = ['m1', 'm2'].map(async machine => (await lab.sh(machine, write(`/mnt/cairn/${machine}`))).trim())
  const sums = await Promise.all(writes)
  const { code, err } = await lab.cairn(other, 'fs', 'promote', 'home', '--force')
  assert.equal(code, 1)
  assert.match(err, new RegExp(`${other} does not have all .*\n.*${next}`))
  return { sums, next, other }
}

async function promoted(lab: TestLab, { sums, next, other }: Written): Promise<void> {
  // What m1 says now nobody else hears.
  await lab.cut('m1')
  await lab.sh('m1', 'echo nobody heard > /mnt/cairn/unshipped')
  await lab.kill('m1')
  // Nobody has to be named for it: who has the log answers what only reads.
  for (const machine of [next, other]) await same(lab, machine, '/mnt/cairn/m1', sums[0] ?? '')
  assert.match((await lab.cairn(other, 'fs', 'ls')).out, /lives on m1, which is silent: it can be read/)
  const { code, out, err } = await lab.cairn(next, 'fs', 'promote', 'home', '--force')
  assert.equal(code, 0, err)
  assert.match(out, new RegExp(`^home lives on ${next} now, in epoch 3; it was m1`))
  for (const machine of [next, other]) {
    await same(lab, machine, '/mnt/cairn/m1', sums[0] ?? '')
    await same(lab, machine, '/mnt/cairn/m2', sums[1] ?? '')
    await lab.sh(machine, `echo from ${machine} > /mnt/cairn/after-${machine} && sync /mnt/cairn/after-${machine}`)
  }
}

async function back(lab: TestLab, { sums, next, other }: Written): Promise<void> {
  await lab.heal()
  await lab.start('m1')
  await lab.until('m1 to follow', async () => (await row(lab, 'm1')).home === next)
  for (const machine of [next, other]) {
    assert.equal(await lab.sh('m1', `cat /mnt/cairn/after-${machine}`), `from ${machine}\n`)
  }
  await same(lab, 'm1', '/mnt/cairn/m1', sums[0] ?? '')
  const shown = () => lab.sh('m1', 'cat /mnt/cairn/.snapshots/unshipped-m1-1/unshipped')
  await lab.until('what m1 had not shipped to be a snapshot', async () => (await shown()) === 'nobody heard\n')
  await assert.rejects(lab.sh(next, 'cat /mnt/cairn/unshipped'))
}

// A program that lives through it all, on a machine that was the home while nobody heard it.
async function told(lab: TestLab, { next, other }: Written): Promise<void> {
  const file = '/mnt/cairn/told'
  const hasLog = async (machine: string) => (await row(lab, machine)).inSync?.includes(other) === true
  await lab.until(`the log to be on ${other}`, () => hasLog('m1'))
  await lab.sh(next, `echo heard > ${file} && sync ${file}`)
  await lab.cut(next)
  await lab.sh(next, `echo and more >> ${file}`)
  const { code, err } = await lab.cairn(other, 'fs', 'promote', 'home', '--force')
  assert.equal(code, 0, err)
  await lab.heal()
  await lab.until(`${next} to follow`, async () => (await row(lab, next)).home === other)
  await assert.rejects(lab.sh(next, `sync ${file}`), /Input\/output error/)
  await lab.sh(next, `sync ${file}`)
  for (const machine of [next, other]) assert.equal(await lab.sh(machine, `cat ${file}`), 'heard\n', machine)
}
