import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { runCairn } from '../cloud/cli.ts'
import { childrenOf, until, untilGone } from '../cloud/processes.ts'
import { spawnUp, type Up } from '../cloud/up.ts'
import { Access } from './access.ts'
import { makeCertificates } from './certificates.ts'
import { type EtcdServer, startEtcd, whyNoEtcd } from './server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

suite('two servers on one etcd', { skip: whyNoEtcd(), timeout: 150_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-two-'))
  let etcd: EtcdServer
  let keyspace: readonly string[] = []

  before(async () => {
    const files = await makeCertificates(folder)
    etcd = await startEtcd({ tls: files.etcd, durable: true, ctl: files.client })
    const { authority, certificate, key } = files.client
    const tls = [`--keyspace-ca=${authority}`, `--keyspace-cert=${certificate}`, `--keyspace-key=${key}`]
    keyspace = [`--keyspace=etcd=${etcd.url.origin}`, ...tls, '--keyspace-prefix=/clouds/test/']
  })
  after(async () => {
    await etcd[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const up = (name: string, masterKey = 'master.key'): Promise<Up> =>
    spawnUp({
      words: ['--data', join(folder, name), '--name', name, '--no-mount', ...keyspace],
      env: { CAIRN_LISTEN: '127.0.0.1:0', CAIRN_MASTER_KEY: join(folder, masterKey) },
    })
  const access = (name: string): Access => new Access(join(folder, name, 'kubeconfig'))

  test('either is killed under load: nothing acknowledged is lost, watches resume, controllers move', async () => {
    const servers = new Map([['a', await up('a')]])
    try {
      servers.set('b', await up('b'))
      const load = await ApiLoad.begin(access)
      for (const victim of ['a', 'b'] as const) {
        await load.more(60)
        const killedAt = performance.now()
        await killAll(servers.get(victim)!)
        const survivor = victim === 'a' ? 'b' : 'a'
        using there = access(survivor)
        assert.equal((await there.ask('POST', '/api/v1/namespaces', named(`after-${victim}`))).status, 201)
        await until(async () => (await there.ask('GET', madeByControllers(`after-${victim}`))).status === 200, {
          what: 'the controllers to work on the other server',
          timeoutMs: 25_000,
        })
        const movedMs = performance.now() - killedAt
        assert.ok(movedMs < 15_000, `controllers took ${Math.round(movedMs)} ms to move`)
        await load.more(60)
        servers.set(victim, await up(victim))
      }
      await load.more(60)
      await load.check()
      const stored = etcd.ctl('get', '--prefix', '--keys-only', '/clouds/test/')
      assert.match(stored, /\/clouds\/test\/\/objects\/core\/configmaps\/default\/a-0/)
    } finally {
      for (const server of servers.values()) await server[Symbol.asyncDispose]()
    }
  })

  test('one changes the keys, and both know them', async () => {
    await using first = await up('a')
    await using second = await up('b')
    assert.match(first.said() + second.said(), /is running/)
    using here = access('a')
    using there = access('b')
    const secrets = '/api/v1/namespaces/default/secrets'
    const make = (name: string) => here.ask('POST', secrets, { ...named(name), stringData: { name } })
    for (const name of ['one', 'two', 'three']) assert.equal((await make(name)).status, 201)
    const run = async (...words: readonly string[]) => {
      const env = { CAIRN_MASTER_KEY: join(folder, 'master.key') }
      const { code, out, err } = await runCairn(join(folder, 'a'), words, env)
      assert.equal(code, 0, err)
      return out
    }
    const stored = () => etcd.ctl('get', '--prefix', '--print-value-only', '/clouds/test//objects/core/secrets/')
    const keys = () => new Set(stored().match(/sealed:v1:[0-9a-f]{8}/g))
    const before = [...keys()]
    await run('key', 'rotate')
    const [after, ...more] = keys()
    assert.ok(after !== undefined && more.length === 0 && !before.includes(after))
    for (const words of [['--master'], ['--tokens'], []]) {
      await run('key', 'rotate', ...words)
      for (const name of ['one', 'two', 'three']) {
        assert.equal((await there.ask('GET', `${secrets}/${name}`)).status, 200, words.join())
      }
    }
    assert.match(await run('doctor'), /ok +master key/)
  })

  test('a server with another master key, or another authority, is refused by name', async () => {
    await using first = await up('a')
    assert.match(first.said(), /is running/)
    await using other = await up('c', 'other.key')
    assert.equal(await other.ended(), '1')
    assert.match(other.said(), /master key/)
    const { client } = await makeCertificates(mkdtempSync(join(folder, 'strange-')))
    await using stranger = await spawnUp({
      words: ['--data', join(folder, 'd'), '--no-mount', ...keyspace, `--keyspace-ca=${client.authority}`],
      env: { CAIRN_LISTEN: '127.0.0.1:0', CAIRN_MASTER_KEY: join(folder, 'master.key') },
    })
    assert.equal(await stranger.ended(), '1')
    assert.match(stranger.said(), new RegExp(`not signed by ${client.authority}`))
    assert.match(await runCairn(join(folder, 'a'), ['doctor']).then(({ out }) => out), /ok +keyspace +[0-9]+ keys/)
  })
})

const madeByControllers = (namespace: string): string => `/api/v1/namespaces/${namespace}/serviceaccounts/default`

const named = (name: string): object => ({ metadata: { name } })

// The supervisor first, so that it starts nothing again.
async function killAll(server: Up): Promise<void> {
  const pid = server.child.pid!
  const children = [...childrenOf(pid, 'control'), ...childrenOf(pid, 'storage')]
  server.child.kill('SIGKILL')
  for (const child of children) process.kill(child, 'SIGKILL')
  for (const child of children) await untilGone(child)
}

/** Writers on both servers, and a watch that goes to the other server when its own is gone. */
class ApiLoad {
  readonly #access: (name: string) => Access
  readonly #acknowledged = new Set<string>()
  readonly #seen: string[] = []
  readonly #done: Promise<unknown>
  #isOver = false

  /** The watch begins at a revision before the first write. */
  static async begin(access: (name: string) => Access): Promise<ApiLoad> {
    using server = access('a')
    const { body } = await server.ask('GET', `${MAPS}?limit=1`)
    return new ApiLoad(access, JSON.parse(body).metadata.resourceVersion)
  }

  private constructor(access: (name: string) => Access, version: string) {
    this.#access = access
    this.#done = Promise.all([this.#write('a'), this.#write('b'), this.#watch(version)])
  }

  async more(count: number): Promise<void> {
    const wanted = this.#acknowledged.size + count
    await until(() => this.#acknowledged.size >= wanted, { what: `${count} more writes`, timeoutMs: 40_000 })
  }

  async check(): Promise<void> {
    this.#isOver = true
    const { body } = await this.#asked('a', 'GET', MAPS)
    const there = JSON.parse(body).items.map((item: { metadata: { name: string } }) => item.metadata.name)
    const wanted = there.filter((name: string) => /^[ab]-/.test(name))
    for (const name of this.#acknowledged) assert.ok(wanted.includes(name), `${name} was acknowledged`)
    await until(() => this.#seen.length >= wanted.length, { what: 'the watch to see everything' })
    assert.deepEqual([...this.#seen].sort(), wanted.sort())
    await this.#asked('a', 'POST', MAPS, named('end-of-watch'))
    await this.#done
  }

  async #asked(name: string, ...words: Parameters<Access['ask']>) {
    using server = this.#access(name)
    return await server.ask(...words)
  }

  async #write(name: string): Promise<void> {
    for (let n = 0; !this.#isOver; ) {
      using server = this.#access(name)
      try {
        while (!this.#isOver) {
          const { status, body } = await server.ask('POST', MAPS, named(`${name}-${n++}`))
          if (status === 201) this.#acknowledged.add(`${name}-${n - 1}`)
          else assert.ok(status >= 500, body)
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
        await delay(50)
      }
    }
  }

  async #watch(from: string): Promise<void> {
    let version = from
    for (let turn = 0; ; turn++) {
      using server = this.#access(turn % 2 === 0 ? 'a' : 'b')
      try {
        for await (const { type, object } of server.watch(`${MAPS}?watch=1&resourceVersion=${version}`)) {
          assert.notEqual(type, 'ERROR', JSON.stringify(object))
          version = object.metadata.resourceVersion
          if (object.metadata.name === 'end-of-watch') return
          if (/^[ab]-/.test(object.metadata.name)) this.#seen.push(object.metadata.name)
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
      }
      await delay(50)
    }
  }
}
