import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startLab, type TestLab } from './lab.ts'
import { whyNoLab } from './why-no-lab.ts'

const FILES = 200

suite('files of a lab', { skip: whyNoLab(), timeout: 280_000 }, () => {
  test('are read on every machine, and have all their copies again after machines were lost', async t => {
    await using lab = await startLab({ machines: 3, nat: '3' })
    await lab.untilOnline('m1')
    await t.test('what one machine has synced, the others read, also one behind a NAT', () => everywhere(lab))
    await t.test('locks, snapshots and limits are those of all machines', () => together(lab))
    await t.test('a machine that dies while files are written loses none that was synced', () => killed(lab))
    await t.test('a wiped machine that joins again gets its copies back by itself', () => wiped(lab))
    await t.test('what is damaged on one machine is read whole on another, and mended', () => damaged(lab))
  })
})

// Files of a block and of some chunks, each synced, as `name hash` lines: what sha256sum checks elsewhere.
function write(folder: string): string {
  const file = `head -c $((i % 20 == 0 ? 3000000 : 5000)) /dev/urandom > ${folder}/$i && sync ${folder}/$i`
  return `mkdir -p ${folder}; for i in $(seq ${FILES}); do ${file} && (cd ${folder} && sha256sum $i); done`
}

async function same(lab: TestLab, machine: string, folder: string, sums: string): Promise<void> {
  const checked = await lab.sh(
    machine,
    `cd ${folder} && sha256sum --check --quiet - <<'SUMS'\n${sums}\nSUMS\necho whole`,
  )
  assert.equal(checked.trim(), 'whole', machine)
}

let first = ''

async function everywhere(lab: TestLab): Promise<void> {
  first = (await lab.sh('m1', write('/mnt/cairn/first'))).trim()
  assert.equal(first.split('\n').length, FILES)
  for (const machine of ['m2', 'm3']) await same(lab, machine, '/mnt/cairn/first', first)
  await lab.sh('m3', 'echo from m3 > /mnt/cairn/back && sync /mnt/cairn/back')
  assert.equal(await lab.sh('m1', 'cat /mnt/cairn/back'), 'from m3\n')
}

async function together(lab: TestLab): Promise<void> {
  const held = lab.sh('m2', 'flock /mnt/cairn/back -c "touch /mnt/cairn/held; sleep 3; echo and m2 >> /mnt/cairn/back"')
  await lab.until('the lock to be held', async () => (await lab.sh('m3', 'ls /mnt/cairn')).includes('held'))
  assert.equal((await lab.sh('m3', 'flock -n /mnt/cairn/back true || echo taken')).trim(), 'taken')
  assert.equal(await lab.sh('m1', 'flock /mnt/cairn/back cat /mnt/cairn/back'), 'from m3\nand m2\n')
  await held
  const { out } = await lab.cairn('m3', 'fs', 'snapshot', 'create', 'home', 'kept', '-o', 'json')
  await lab.sh('m1', 'rm /mnt/cairn/back')
  assert.equal(await lab.sh('m2', 'cat /mnt/cairn/.snapshots/kept/back'), 'from m3\nand m2\n', out)
  assert.match((await lab.cairn('m2', 'fs', 'snapshot', 'diff', 'home', 'kept')).out, /back/)
  await lab.sh('m3', 'mkdir /mnt/cairn/small')
  await lab.cairn('m3', 'fs', 'quota', 'set', '/small', '--bytes', '1M')
  assert.match((await lab.cairn('m2', 'fs', 'quota', 'ls')).out, /small/)
}

async function killed(lab: TestLab): Promise<void> {
  const writing = lab.sh('m1', write('/mnt/cairn/second'))
  await lab.until('some files', async () => Number(await lab.sh('m1', 'ls /mnt/cairn/second | wc -l')) > 20)
  await lab.kill('m2')
  const sums = (await writing).trim()
  assert.equal(sums.split('\n').length, FILES)
  for (const machine of ['m1', 'm3']) await same(lab, machine, '/mnt/cairn/second', sums)
}

async function wiped(lab: TestLab): Promise<void> {
  await lab.wipe('m2')
  await lab.start('m2')
  await safe(lab)
  await same(lab, 'm2', '/mnt/cairn/first', first)
}

async function damaged(lab: TestLab): Promise<void> {
  await lab.sh('m2', 'sync')
  assert.ok((await lab.corrupt('m2', 40)) > 0)
  const { out, err } = await lab.cairn('m2', 'fs', 'scrub', '--rate', '1000')
  assert.match(out + err, /damaged/)
  for (const machine of ['m1', 'm3']) await same(lab, machine, '/mnt/cairn/first', first)
  await safe(lab)
}

async function safe(lab: TestLab): Promise<void> {
  const isSafe = async () => JSON.parse((await lab.cairn('m1', 'status', '-o', 'json')).out).copies.isSafe === true
  await lab.until('everything to have all its copies', isSafe, 90_000)
}
