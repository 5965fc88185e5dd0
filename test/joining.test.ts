import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { apiEnvironment, type CliResult, runCairn } from './cloud/cli.ts'
import { until } from './cloud/processes.ts'
import { spawnUp, type Up } from './cloud/up.ts'

const MACHINE = ['--no-mount', '--peer-listen', '127.0.0.1:0']

suite('machines that join', { timeout: 120_000 }, () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-joining-'))
  const dataOf = (name: string) => path.join(home, name)
  const env = { ...apiEnvironment(home), TMPDIR: home }
  const running: Up[] = []

  before(async () => {
    const words = ['--data', dataOf('first'), '--name', 'first', ...MACHINE]
    running.push(await spawnUp({ words, env }))
    assert.match(running[0]?.said() ?? '', /this machine is first, a controller/)
  })
  after(async () => {
    for (const up of running.reverse()) await up[Symbol.asyncDispose]() // a node that loses its controller takes its time
    fs.rmSync(home, { recursive: true })
  })

  const on = (name: string, ...words: readonly string[]): Promise<CliResult> => runCairn(dataOf(name), words, env)

  async function newToken(...more: readonly string[]): Promise<string> {
    const { code, out, err } = await on('first', 'token', 'create', '--role', 'node', ...more)
    assert.equal(code, 0, err)
    return out.trim()
  }

  test('a machine joins by a token, goes on as `cairn up` does, and is seen by both', async () => {
    const token = await newToken()
    const listed = await on('first', 'token', 'ls')
    assert.match(listed.out, new RegExp(`${token.slice(0, 6)} +node `))
    const words = ['--data', dataOf('second'), '--name', 'second', ...MACHINE]
    const second = await spawnUp({ words: [token, ...words], verb: 'join', env })
    running.push(second)
    assert.match(second.said(), /this machine is second, a node\)\n {2}api {4}on first\n/)
    for (const name of ['first', 'second']) {
      const isThere = async () =>
        /first +controller +Online[^\n]*\nsecond +node +Online/.test((await on(name, 'node', 'ls')).out)
      await until(isThere, { what: `${name} to see both machines` })
    }
    assert.match((await on('second', 'status')).out, /this machine is second, a node\napi +on first\n/)
    assert.ok(!(await on('first', 'token', 'ls')).out.includes(token.slice(0, 6)))
    assert.equal(fs.statSync(`${dataOf('second')}/node/key.pem`).mode & 0o777, 0o600)
    assert.equal(fs.statSync(`${dataOf('second')}/node`).mode & 0o777, 0o700)
  })

  test('what needs the control plane says on which machine it is', async () => {
    for (const words of [
      ['token', 'ls'],
      ['cert', 'ls'],
      ['node', 'drain', 'first'],
      ['fs', 'create', 'x'],
    ]) {
      const { code, err } = await on('second', ...words)
      assert.deepEqual(
        [code, /second, is a node.*\nhint: Run it on first,/.test(err)],
        [1, true],
        `${words.join(' ')}: ${err}`,
      )
    }
  })

  test('a member that runs takes the addresses of a new token, which goes on to hold', async () => {
    const again = await on('second', 'join', await newToken(), '--name', 'second')
    assert.equal(again.code, 0, again.err)
    assert.match(again.out, /This machine is second already.*\n.*looks for controllers at .* the token was not used/)
    const other = await on('second', 'join', await newToken(), '--name', 'other')
    assert.deepEqual([other.code, /this machine is called second/.test(other.err)], [1, true], other.err)
  })

  test('a node resumes as a member, and cannot be started as something else', async () => {
    await running.pop()?.[Symbol.asyncDispose]()
    for (const more of [
      ['--name', 'other'],
      ['--listen', '127.0.0.1:0'],
      ['--keyspace', 'embedded'],
    ]) {
      const { code, err } = await on('second', 'up', ...MACHINE, ...more)
      assert.deepEqual([code, /this machine/.test(err)], [1, true], err)
    }
    const second = await spawnUp({ words: ['--data', dataOf('second'), ...MACHINE], env })
    running.push(second)
    assert.match(second.said(), /this machine is second, a node/)
    const isConnected = async () => /second +node +Online +yes/.test((await on('first', 'node', 'ls')).out)
    await until(isConnected, { what: 'the first machine to hear the second again' })
  })

  test('a machine with a cloud of its own keeps it, and is told how many files it has', async () => {
    const token = await newToken()
    const file = path.join(home, 'file')
    fs.writeFileSync(file, 'x')
    {
      await using _own = await spawnUp({ words: ['--data', dataOf('own'), ...MACHINE, '--listen', 'none'], env })
      assert.equal((await on('own', 'put', file, '/')).code, 0)
      assert.match((await on('own', 'join', token)).err, /has a cloud of its own, with 1 file in it/, 'while it runs')
    }
    assert.match((await on('own', 'join', token)).err, /has a cloud of its own, with 1 file in it\nhint: Nothing was/)
  })

  test('what is refused says why and what to do, leaves nothing, and the token good', async () => {
    const token = await newToken()
    for (const [words, why] of [
      [[token.slice(0, -1)], /a character of it is wrong/],
      [[token, '--name', 'second'], /a machine called second in the cloud already\nhint: .*--node second/],
    ] as const) {
      const { code, err } = await on('other/data', 'join', ...words)
      assert.deepEqual([code, fs.existsSync(dataOf('other'))], [1, false])
      assert.match(err, why)
    }
    const third = await on('third', 'join', token, '--name', 'third', '--no-start', '-o', 'json')
    assert.deepEqual([third.code, JSON.parse(third.out).controllers], [0, ['first']], third.err)
  })
})
