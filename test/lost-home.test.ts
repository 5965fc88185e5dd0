import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { apiEnvironment, type CliResult, runCairn } from './cloud/cli.ts'
import { until } from './cloud/processes.ts'
import { spawnUp, type Up } from './cloud/up.ts'

test('a home that has lost its disk is followed, by force, by the one before, with what it had', {
  timeout: 180_000,
}, async () => {
  await using stack = new AsyncDisposableStack()
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-lost-home-'))
  stack.defer(() => fs.rmSync(home, { recursive: true }))
  const dataOf = (name: string) => path.join(home, name)
  const env = { ...apiEnvironment(home), TMPDIR: home }
  const on = (name: string, ...words: readonly string[]): Promise<CliResult> => runCairn(dataOf(name), words, env)
  // Machines that start again are to be found where they were.
  const ports: Readonly<Record<string, number>> = { first: await freePort(), second: await freePort() }
  const machine = (name: string) => ['--no-mount', '--peer-listen', `127.0.0.1:${ports[name]}`]
  const up = async (name: string, ...words: readonly string[]): Promise<Up> => {
    return stack.use(await spawnUp({ words: ['--data', dataOf(name), ...words, ...machine(name)], env }))
  }
  const first = await up('first', '--name', 'first')
  const token = (await on('first', 'token', 'create', '--role', 'node')).out.trim()
  const words = [token, '--data', dataOf('second'), '--name', 'second', ...machine('second')]
  const second = stack.use(await spawnUp({ words, verb: 'join', env }))
  fs.writeFileSync(path.join(home, 'letter'), 'kept')
  assert.equal((await on('first', 'put', path.join(home, 'letter'), 'home:/letter')).code, 0)
  const isShipped = async () => /"inSync":\s*\[[^\]]*"second"/.test((await on('first', 'fs', 'ls', '-o', 'json')).out)
  await until(isShipped, { what: 'the log on the second machine' })
  await first[Symbol.asyncDispose]()
  const forced = await on('second', 'fs', 'promote', 'home', '--force')
  assert.equal(forced.code, 0, forced.err)
  await second[Symbol.asyncDispose]()
  for (const folder of ['fs', 'standby'])
    fs.rmSync(path.join(dataOf('second'), folder), { recursive: true, force: true })
  await up('first')
  await up('second')
  const refused = /Only second has: start it again\. If that cannot be, `cairn fs promote home --force`/
  await until(async () => refused.test((await on('first', 'fs', 'promote', 'home')).err), { what: 'the refusal' })
  const again = await on('first', 'fs', 'promote', 'home', '--force')
  assert.equal(again.code, 0, again.err)
  assert.match(again.out, /^home lives on first now, in epoch \d+; it was second\n.*epoch 1, may be lost/)
  for (const name of ['first', 'second']) {
    const copy = path.join(home, `letter-${name}`)
    await until(async () => (await on(name, 'get', 'home:/letter', copy)).code === 0, { what: `the file at ${name}` })
    assert.equal(fs.readFileSync(copy, 'utf8'), 'kept')
  }
})

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  return port
}
