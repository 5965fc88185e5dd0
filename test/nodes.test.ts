import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { apiEnvironment, type CliResult, runCairn } from './cloud/cli.ts'
import { until } from './cloud/processes.ts'
import { spawnUp, type Up } from './cloud/up.ts'

const MACHINE = ['--no-mount', '--peer-listen', '127.0.0.1:0']

suite('the machines of a cloud', { timeout: 120_000 }, () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-nodes-'))
  const dataOf = (name: string) => path.join(home, name)
  const env = { ...apiEnvironment(home), TMPDIR: home }
  const running: Up[] = []

  before(async () => {
    running.push(await spawnUp({ words: ['--data', dataOf('first'), '--name', 'first', ...MACHINE], env }))
    const token = await said('first', 'token', 'create', '--role', 'node')
    const words = [token.trim(), '--data', dataOf('second'), '--name', 'second', ...MACHINE]
    running.push(await spawnUp({ words, verb: 'join', env }))
  })
  after(async () => {
    for (const up of running) await up[Symbol.asyncDispose]()
    fs.rmSync(home, { recursive: true })
  })

  const on = (name: string, ...words: readonly string[]): Promise<CliResult> => runCairn(dataOf(name), words, env)

  async function said(name: string, ...words: readonly string[]): Promise<string> {
    const { code, out, err } = await on(name, ...words)
    assert.equal(code, 0, `${words.join(' ')}: ${err}`)
    return out
  }

  const refused = (...words: readonly string[]): Promise<string> => refusedOn('first', ...words)

  async function refusedOn(name: string, ...words: readonly string[]): Promise<string> {
    const { code, err } = await on(name, ...words)
    assert.notEqual(code, 0)
    return err
  }

  const untilSaid = (name: string, words: readonly string[], expected: RegExp): Promise<void> =>
    until(async () => expected.test((await on(name, ...words)).out), {
      what: `${name}: ${words.join(' ')}: ${expected}`,
    })

  test('have disks that are listed, and each is looked after from any controller', async () => {
    await untilSaid('first', ['disk', 'ls'], /^first +first +Ready .*\nsecond +second +Ready /m)
    const disks: readonly { readonly name: string; readonly path: string }[] = JSON.parse(
      await said('first', 'disk', 'ls', '-o', 'json'),
    )
    assert.equal(disks.find(({ name }) => name === 'second')?.path, fs.realpathSync(dataOf('second')))
    assert.match(await refused('disk', 'add', '/nowhere/at/all'), /^error: .* cannot be used: ENOENT/)
    assert.match(await refused('disk', 'add', '/proc'), /^error: \/proc is on \/proc \(proc\), which is not for data/)
    for (const name of ['first', 'second']) {
      assert.match(
        await refused('disk', 'drain', name),
        /^error: it is the only disk of its machine\nhint: Add another/,
      )
      assert.match(await refused('disk', 'remove', name), /^error: it is the disk of the data folder/)
    }
    const there = ['--machine', 'second']
    const [own, ...more] = JSON.parse(await said('first', 'disk', 'ls', ...there, '-o', 'json'))
    assert.deepEqual([own.name, own.path, more.length], ['second', fs.realpathSync(dataOf('second')), 0])
    assert.match(await refused('disk', 'add', '/proc', ...there), /^error: \/proc is on \/proc \(proc\)/)
    assert.match(await refused('disk', 'add', 'proc', ...there), /^error: proc is no absolute path/)
    for (const word of ['attic', 'second-0123abcd', '/mnt/attic']) {
      assert.match(await refused('disk', 'drain', word), /^error: \w+( machine)? has no disk .*\nhint: .*--machine/)
    }
    assert.match(await refused('disk', 'ls', '--machine', 'third'), /^error: there is no machine third\nhint: /)
  })

  test('that have no control plane look after their own disks alone', async () => {
    assert.match(await refusedOn('second', 'disk', 'drain', 'second'), /^error: it is the only disk of its machine/)
    for (const words of [
      ['drain', 'first'],
      ['ls', '--machine', 'first'],
      ['add', '/proc', '--machine', 'first'],
    ]) {
      assert.match(await refusedOn('second', 'disk', ...words), /is not for second\nhint: Do it on a controller: /)
    }
  })

  test('are drained, which both see, and get copies again', async () => {
    assert.match(await said('first', 'node', 'drain', 'second'), /^The machine second takes nothing new, and /)
    for (const name of ['first', 'second']) await untilSaid(name, ['node', 'ls'], /^second +node +Draining/m)
    assert.match(await said('first', 'node', 'undrain', 'second'), /second keeps its copies/)
    await untilSaid('second', ['node', 'ls'], /^second +node +Online/m)
    assert.match(await refused('node', 'drain', 'third'), /there is no machine third/)
  })

  test('are not removed where the control plane is, and hold copies of what another has put', async () => {
    assert.match(await refused('node', 'remove', 'first'), /first is this machine, which holds the control plane/)
    const file = path.join(home, 'file')
    fs.writeFileSync(file, Buffer.alloc(3 << 20, 'on both'))
    // Root there is nobody here, and the root directory is not everybody's.
    if (process.geteuid?.() === 0) {
      const { err } = await on('second', 'put', file, '/')
      assert.match(err, /modes and owners do not allow it \(EACCES\)\nhint: Root of a machine that is no controller/)
      await said('first', 'fs', 'access', 'home', '--root-squash', 'off')
    }
    await said('second', 'put', file, '/')
    await untilSaid('first', ['disk', 'ls'], /^second +second +Ready +[1-9]/m)
    for (const name of ['first', 'second'])
      await untilSaid('second', ['node', 'ls'], new RegExp(`^${name} .* nothing +1`, 'm'))
  })

  test('that are removed when all they hold is elsewhere are out of the cloud, and know it', async () => {
    const removed = await said('first', 'node', 'remove', 'second')
    assert.match(removed, /^Removed the machine second: .* All it held has copies elsewhere/)
    assert.doesNotMatch(await said('first', 'node', 'ls'), /second/)
    assert.doesNotMatch(await said('first', 'disk', 'ls'), /second/)
    assert.match(await said('first', 'node', 'ls'), /^first .* [1-9][0-9]* chunks, names of home  /m)
    await untilSaid('second', ['status'], /this machine, second, was removed from it/)
    assert.match(await said('first', 'cert', 'ls'), /system:node:second .*revoked/)
  })
})
