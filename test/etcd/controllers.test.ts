import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { apiEnvironment, type CliResult, runCairn } from '../cloud/cli.ts'
import { until } from '../cloud/processes.ts'
import { spawnUp, type Up } from '../cloud/up.ts'
import { whyNoEtcd } from './server.ts'

const MACHINE = ['--no-mount', '--peer-listen', '127.0.0.1:0']

suite('controllers that run an etcd', { skip: whyNoEtcd(), timeout: 280_000 }, () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-controllers-'))
  const env = { ...apiEnvironment(home), TMPDIR: home }
  const running = new Map<string, Up>()
  const dataOf = (name: string) => path.join(home, name)
  const on = (name: string, ...words: readonly string[]): Promise<CliResult> => runCairn(dataOf(name), words, env)

  async function begin(name: string): Promise<void> {
    running.set(name, await spawnUp({ words: ['--data', dataOf(name), '--name', name, ...MACHINE], env }))
  }

  async function join(name: string, by: string): Promise<void> {
    const { code, out, err } = await on(by, 'token', 'create', '--role', 'controller')
    assert.equal(code, 0, err)
    const words = [out.trim(), '--data', dataOf(name), '--name', name, ...MACHINE]
    running.set(name, await spawnUp({ words, verb: 'join', env }))
  }

  /** Waits until a machine works as a controller of its own. */
  function untilWorks(name: string): Promise<void> {
    const works = async () => (await on(name, 'token', 'create', '--user', 'ada')).code === 0
    return until(works, { what: `the control plane on ${name}`, timeoutMs: 60_000 })
  }

  /** What etcdctl answers that shows what the member of a machine shows, at the member of another. */
  function ctl(own: string, at: string, ...words: readonly string[]): string {
    const member = JSON.parse(fs.readFileSync(`${dataOf(at)}/etcd/member.json`, 'utf8'))
    const folder = `${dataOf(own)}/etcd`
    const files = [`--cacert=${folder}/authority.pem`, `--cert=${folder}/certificate.pem`, `--key=${folder}/key.pem`]
    const command = [
      `--endpoints=https://${member.host}:${member.clientPort}`,
      '--command-timeout=3s',
      ...files,
      ...words,
    ]
    const { stdout, stderr } = spawnSync('etcdctl', command, {
      encoding: 'utf8',
      env: { ...process.env, ETCDCTL_API: '3' },
    })
    return `${stdout}${stderr}`
  }

  const names = (from: string) =>
    [...ctl(from, from, 'member', 'list').matchAll(/started, (\w+),/g)].map(([, name = '']) => name).toSorted()

  before(async () => {
    await begin('first')
    for (const name of ['second', 'third']) await join(name, 'first')
    for (const name of ['first', 'second', 'third']) await untilWorks(name)
  })
  after(async () => {
    await Promise.all(Array.from(running.values(), up => up[Symbol.asyncDispose]()))
    fs.rmSync(home, { recursive: true })
  })

  test('one that is removed is a member no longer and is refused; the others go on, and take another in', async () => {
    assert.deepEqual(names('first'), ['first', 'second', 'third'])
    assert.match(ctl('third', 'first', 'endpoint', 'health'), /is healthy/)
    const removed = await on('first', 'node', 'remove', 'third', '--force')
    assert.equal(removed.code, 0, removed.err)
    await until(() => names('first').join() === 'first,second', { what: 'two members' })
    await until(() => !/is healthy/.test(ctl('third', 'first', 'endpoint', 'health')), {
      what: 'the removed one to be refused',
    })
    assert.match(ctl('second', 'first', 'endpoint', 'health'), /is healthy/)
    await untilWorks('second')
    const standsBy = async () => /stands by/.test((await on('third', 'doctor')).out)
    await until(standsBy, { what: 'the removed one to stand by', timeoutMs: 60_000 })
    assert.equal(fs.existsSync(`${dataOf('third')}/etcd/member.json`), false)
    await running.get('third')?.[Symbol.asyncDispose]()
    await join('fourth', 'second')
    await untilWorks('fourth')
    assert.deepEqual(names('first'), ['first', 'fourth', 'second'])
  })

  test('the last of three, when two are lost for good, goes on alone when it is told to', async () => {
    const refusedNow = await on('fourth', 'keyspace', 'recover', '--force')
    assert.deepEqual([refusedNow.code, /already runs/.test(refusedNow.err)], [1, true], refusedNow.err)
    await running.get('fourth')?.[Symbol.asyncDispose]()
    const notLost = await on('fourth', 'keyspace', 'recover', '--force')
    assert.deepEqual([notLost.code, /answers: that controller is not lost/.test(notLost.err)], [1, true], notLost.err)
    for (const name of ['first', 'second']) {
      await running.get(name)?.[Symbol.asyncDispose]()
      fs.rmSync(dataOf(name), { recursive: true })
    }
    const careful = await on('fourth', 'keyspace', 'recover')
    assert.deepEqual([careful.code, /--force/.test(careful.err)], [1, true], careful.err)
    const recovered = await on('fourth', 'keyspace', 'recover', '--force')
    assert.equal(recovered.code, 0, recovered.err)
    assert.match(recovered.out, /on this machine alone, with \d+ keys.*\n.*\n {2}cairn node remove first --force\n/)
    await begin('fourth')
    await untilWorks('fourth')
    assert.deepEqual(names('fourth'), ['fourth'])
  })
})
