import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { apiEnvironment, runCairn } from './cloud/cli.ts'
import { spawnUp, type Up } from './cloud/up.ts'
import { type Cloud, openCloud, until, whyNoFuse } from './cloud.ts'
import { openSmallDisk, type SmallDisk, whyNoSmallDisk } from './faults/small-disk.ts'

const DISK_BYTES = 2 ** 30
const MIB = 2 ** 20

interface Row {
  readonly name: string
  readonly path: string
  readonly state: string
  readonly chunks: number
  readonly message: string
}

const why = whyNoSmallDisk()

suite('several disks in one machine', { skip: why && `several disks in one machine: ${why}`, timeout: 400_000 }, () => {
  test('hold the chunks of its files, and one can be emptied and removed', { skip: whyNoFuse() }, async () => {
    await using attic = await openSmallDisk(DISK_BYTES)
    await using cellar = await openSmallDisk(DISK_BYTES)
    await using cloud = await openCloud()
    for (const { folder } of [attic, cellar])
      assert.match(await said(cloud, 'disk', 'ls', '--offered'), new RegExp(`^${folder} .*may be used`, 'm'))
    for (const { folder } of [attic, cellar]) await said(cloud, 'disk', 'add', folder, '--size', '700M')
    const files = new Map<string, Buffer>()
    // The disk of the data folder may be much larger: only when it is emptied it is sure that others have something.
    save(cloud, files, 30)
    const [first] = await rows(cloud)
    await said(cloud, 'disk', 'drain', first?.name ?? '', '--wait')
    assert.ok((await on(cloud, attic)).chunks > 3 && (await on(cloud, cellar)).chunks > 3)
    check(cloud, files)

    await cloud.stop()
    await cloud.start()
    check(cloud, files)

    assert.match((await cloud.run('disk', 'remove', attic.folder)).err, /in use\nhint: .*disk drain .* --wait/)
    await said(cloud, 'disk', 'drain', attic.folder)
    for (let kills = 0; kills < 2; kills++) {
      await cloud.killStorage()
      await until(async () => (await cloud.run('disk', 'ls')).code === 0, { what: 'storage to be back' })
    }
    assert.match(await said(cloud, 'disk', 'drain', attic.folder, '--wait'), /Nothing is left .* may be pulled/)
    await said(cloud, 'disk', 'remove', attic.folder)
    assert.deepEqual(fs.readdirSync(attic.folder), ['lost+found'])
    check(cloud, files)
  })

  test('and the machine goes on when one of them is not mounted at its start', { skip: whyNoFuse() }, async () => {
    await using attic = await openSmallDisk(DISK_BYTES)
    await using cloud = await openCloud()
    await said(cloud, 'disk', 'add', attic.folder)
    const [first] = await rows(cloud)
    await said(cloud, 'disk', 'drain', first?.name ?? '', '--wait')
    const files = new Map<string, Buffer>()
    save(cloud, files, 12)
    await said(cloud, 'disk', 'add', cloud.data)
    await cloud.kill()
    await unmounted(attic)
    await cloud.start()
    assert.deepEqual(fs.readdirSync(attic.folder), [])
    assert.equal((await on(cloud, attic)).state, 'Missing')
    assert.match(await said(cloud, 'status'), new RegExp(`^disks  ${attic.folder} is Missing: `, 'm'))
    const doctor = await cloud.run('doctor')
    assert.match(doctor.out, new RegExp(`${attic.folder}: Missing`))
    assert.equal(readError(files), 'EIO')
    save(cloud, files, 16)
    await attic.mount()
    await until(async () => (await on(cloud, attic)).state === 'Ready', {
      what: `the disk to be found:\n${cloud.said}`,
    })
    check(cloud, files)
  })

  test('and one that fails to write is given up, and used again when people say so', {
    skip: whyNoFuse(),
  }, async () => {
    await using store = await openMemory(900 * MIB)
    await using attic = await openSmallDisk(DISK_BYTES, store.folder)
    await using cloud = await openCloud()
    await said(cloud, 'disk', 'add', attic.folder)
    const [first] = await rows(cloud)
    await said(cloud, 'disk', 'drain', first?.name ?? '', '--wait')
    const files = new Map<string, Buffer>()
    save(cloud, files, 10)
    await said(cloud, 'disk', 'add', cloud.data)
    // What is under the disk takes no more blocks: writes to it fail, as those to a broken one do.
    store.fill()
    const isFailing = async () => {
      try {
        save(cloud, files, files.size + 5)
      } catch {
        // The program is told that its file is not durable.
      }
      return (await on(cloud, attic)).state === 'Failing'
    }
    await said(cloud, 'disk', 'drain', first?.name ?? '')
    await until(isFailing, { what: `the disk to be given up:\n${cloud.said}` })
    assert.match((await on(cloud, attic)).message, /^it failed: /)
    save(cloud, files, files.size + 5)
    store.empty()
    await said(cloud, 'disk', 'add', attic.folder)
    check(cloud, files)
  })

  test('are repaired from other machines onto those that are left', async () => {
    await using attic = await openSmallDisk(DISK_BYTES)
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-disks-'))
    const env = { ...apiEnvironment(home), TMPDIR: home }
    const words = (name: string) => [
      '--data',
      path.join(home, name),
      '--name',
      name,
      '--no-mount',
      '--peer-listen',
      '127.0.0.1:0',
    ]
    const ask = async (name: string, ...asked: readonly string[]) => {
      const { code, out, err } = await runCairn(path.join(home, name), asked, env)
      assert.equal(code, 0, `${asked.join(' ')}: ${err}`)
      return out
    }
    const start = async (name: string, verb: 'up' | 'join', more: readonly string[] = []): Promise<Up> => {
      return spawnUp({ words: [...more, ...words(name)], verb, env })
    }
    try {
      await using _first = await start('first', 'up')
      await using second = await start('second', 'join', [
        (await ask('first', 'token', 'create', '--role', 'node')).trim(),
      ])
      await until(async () => /second .* Online/.test(await ask('first', 'node', 'ls')), { what: 'the second machine' })
      assert.match(
        await ask('first', 'disk', 'ls', '--offered', '--machine', 'second'),
        new RegExp(`^${attic.folder} .*may be used: cairn disk add ${attic.folder} --machine second$`, 'm'),
      )
      const onAttic = /used as (second-\w+):/.exec(
        await ask('first', 'disk', 'add', attic.folder, '--machine', 'second'),
      )?.[1]
      assert.ok(onAttic !== undefined)
      await ask('first', 'disk', 'drain', 'second', '--wait')
      const file = path.join(home, 'file')
      fs.writeFileSync(file, randomBytes(20 * MIB))
      await ask('first', 'put', file, '/')
      const list = async (): Promise<readonly Row[]> => JSON.parse(await ask('second', 'disk', 'ls', '-o', 'json'))
      const chunksAt = async (folder: string) => (await list()).find(each => each.path === folder)?.chunks ?? 0
      await until(async () => (await chunksAt(attic.folder)) >= 20, { what: 'copies on the other disk' })
      await ask('second', 'disk', 'add', path.join(home, 'second'))
      await second[Symbol.asyncDispose]()
      await unmounted(attic)
      await using _second = await start('second', 'up')
      await until(async () => (await chunksAt(fs.realpathSync(path.join(home, 'second')))) >= 20, {
        what: 'the copies to be made on the disk that is left',
      })
      assert.match(await ask('second', 'status'), / is Missing: /)
      await until(async () => /attic|Missing/.test(await ask('first', 'disk', 'ls')), { what: 'all machines to know' })
      await until(async () => JSON.parse(await ask('second', 'status', '-o', 'json')).copies.isSafe === true, {
        what: 'all copies',
      })
      await ask('first', 'disk', 'remove', onAttic)
      assert.equal((await list()).filter(({ state }) => state === 'Missing').length, 0)
      await attic.mount()
      await ask('first', 'disk', 'add', attic.folder, '--machine', 'second')
    } finally {
      fs.rmSync(home, { recursive: true, force: true })
    }
  })
})

/** Memory as a filesystem, which can be filled. */
async function openMemory(bytes: number) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-memory-'))
  const mount = (...words: readonly string[]) => execFileSync(words[0] ?? '', words.slice(1), { stdio: 'ignore' })
  mount('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder)
  const filler = path.join(folder, 'filler')
  return {
    folder,
    fill: () => {
      const { bavail, bsize } = fs.statfsSync(folder)
      execFileSync('fallocate', ['-l', `${bavail * bsize}`, filler])
    },
    empty: () => fs.rmSync(filler, { force: true }),
    [Symbol.asyncDispose]: async () => {
      mount('umount', folder)
      fs.rmdirSync(folder)
    },
  }
}

async function said(cloud: Cloud, ...words: readonly string[]): Promise<string> {
  const { code, out, err } = await cloud.run(...words)
  assert.equal(code, 0, `${words.join(' ')}: ${err}\n${cloud.said}`)
  return out
}

async function rows(cloud: Cloud): Promise<readonly Row[]> {
  return JSON.parse(await said(cloud, 'disk', 'ls', '-o', 'json'))
}

async function on(cloud: Cloud, { folder }: SmallDisk): Promise<Row> {
  const found = (await rows(cloud)).find(row => row.path === folder)
  assert.ok(found)
  return found
}

/** Takes it out as soon as what was killed has let go of it. */
async function unmounted(disk: SmallDisk): Promise<void> {
  const isOut = () =>
    disk.unmount().then(
      () => true,
      () => false,
    )
  await until(isOut, { what: `nobody to use ${disk.folder}` })
}

/** New files up to so many, each durable. */
function save(cloud: Cloud, files: Map<string, Buffer>, count: number): void {
  while (files.size < count) {
    const name = `${cloud.mount}/file-${files.size}`
    const content = randomBytes(MIB)
    fs.writeFileSync(name, content, { flush: true })
    files.set(name, content)
  }
}

function check(cloud: Cloud, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, content] of files) assert.ok(fs.readFileSync(name).equals(content), `${name}\n${cloud.said}`)
}

/** What reading fails with first. */
function readError(files: ReadonlyMap<string, Buffer>): string | undefined {
  for (const name of files.keys()) {
    try {
      fs.readFileSync(name)
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : 'none'
    }
  }
  return undefined
}
