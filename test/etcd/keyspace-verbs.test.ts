import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { apiEnvironment, runCairn } from '../cloud/cli.ts'
import { childrenOf, until } from '../cloud/processes.ts'
import { spawnUp } from '../cloud/up.ts'
import { Access } from './access.ts'
import { type EtcdServer, startEtcd, whyNoEtcd } from './server.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

suite('cairn keyspace', { skip: whyNoEtcd(), timeout: 100_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-verbs-'))
  const data = join(folder, 'data')
  const kubeconfig = join(data, 'kubeconfig')
  let etcd: EtcdServer

  before(async () => {
    etcd = await startEtcd()
  })
  after(async () => {
    await etcd[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const names = async (): Promise<string[]> => {
    using api = new Access(kubeconfig)
    const { items } = JSON.parse((await api.ask('GET', MAPS)).body)
    return items.map((item: { metadata: { name: string } }) => item.metadata.name)
  }

  test('moves to etcd and back under load, saves while it runs, and brings back what was saved', async () => {
    const file = join(folder, 'cloud.backup')
    {
      await using server = await spawnUp({ words: ['--data', data, '--no-mount'], env: apiEnvironment(folder) })
      assert.match(server.said(), /is running/)
      const writer = new Writer(kubeconfig)
      await writer.more(30)
      for (const to of [`etcd=${etcd.url.origin}`, 'embedded']) {
        const force = to === 'embedded' ? ['--force'] : []
        const moved = await runCairn(data, ['keyspace', 'migrate', '--to', to, ...force])
        assert.match(moved.out, /^Moved [0-9]+ keys to /, moved.err)
        await writer.more(30)
      }
      const acknowledged = await writer.stop()
      const there = new Set(await names())
      for (const name of acknowledged) assert.ok(there.has(name), `${name} was acknowledged`)
      using api = new Access(kubeconfig)
      const secret = { metadata: { name: 'one' }, stringData: { password: 'hunter2hunter2' } }
      assert.equal((await api.ask('POST', '/api/v1/namespaces/default/secrets', secret)).status, 201)
      writeFileSync(`${file}.new`, 'left by a backup that was cut off', { mode: 0o666 })
      const saved = await runCairn(data, ['keyspace', 'backup', file])
      assert.match(saved.out, /^Saved [0-9]+ keys/, saved.err)
      assert.match((await runCairn(data, ['keyspace', 'restore', file])).err, /holds [0-9]+ keys\nhint: With --force/)
      writeFileSync(`${file}.bad`, readFileSync(file).fill(1, 500, 510))
      assert.match((await runCairn(data, ['keyspace', 'restore', `${file}.bad`, '--force'])).err, /is damaged/)
      assert.equal((await api.ask('POST', MAPS, { metadata: { name: 'later' } })).status, 201)
      const before = await names()
      assert.ok(before.includes('later'))
      const restored = await runCairn(data, ['keyspace', 'restore', file, '--force'])
      assert.match(restored.out, /^Restored [0-9]+ keys from /, restored.err)
      assert.deepEqual(
        await names(),
        before.filter(name => name !== 'later'),
      )
      assert.doesNotMatch(readdirSync(join(data, 'control')).join(), /restore-/)
      // One that comes while the control process starts anew from another waits for it.
      const both = await Promise.all([0, 1].map(() => runCairn(data, ['keyspace', 'restore', file, '--force'])))
      for (const { out, err } of both) assert.match(out, /^Restored/, err)
    }
    const bytes = readFileSync(file)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    for (const text of ['hunter2hunter2', Buffer.from('hunter2hunter2').toString('base64')]) {
      assert.ok(!bytes.includes(text), 'Secrets are sealed')
    }
    bytes[bytes.byteLength >> 1]! ^= 1
    writeFileSync(`${file}.bad`, bytes)
    assert.match(
      (await runCairn(data, ['keyspace', 'restore', `${file}.bad`, '--force'])).err,
      /backup\.bad is damaged/,
    )
    writeFileSync(`${file}.cut`, bytes.subarray(0, -40))
    assert.match(
      (await runCairn(data, ['keyspace', 'restore', `${file}.cut`, '--force'])).err,
      /backup\.cut is damaged/,
    )
    assert.match((await runCairn(data, ['keyspace', 'restore', file])).err, /holds [0-9]+ keys\nhint: With --force/)
    assert.match(
      (await runCairn(data, ['keyspace', 'restore', file, '--force'])).out,
      /^Restored [0-9]+ keys .*\nCredentials revoked since/,
    )
    const other = await runCairn(data, ['up', '--no-mount', '--keyspace', `etcd=${etcd.url.origin}`])
    assert.match(other.err, /is in embedded\nhint: Move it: cairn keyspace migrate/)
    await using server = await spawnUp({ words: ['--data', data, '--no-mount'], env: apiEnvironment(folder) })
    assert.match(server.said(), /is running/)
    assert.ok((await names()).includes('n-0'))
  })

  test('moves no keyspace that another server works on, and restores one with all of its servers', async () => {
    const keyspace = [`--keyspace=etcd=${etcd.url.origin}`, '--keyspace-prefix=/shared/']
    const [one, two] = [join(folder, 'one'), join(folder, 'two')]
    const file = join(folder, 'shared.backup')
    const up = (at: string) =>
      spawnUp({ words: ['--data', at, '--no-mount', ...keyspace], env: apiEnvironment(folder) })
    {
      await using _ = await up(two)
      assert.match((await runCairn(two, ['keyspace', 'backup', file])).out, /^Saved/)
    }
    await using first = await up(one)
    assert.match(first.said(), /is running/)
    const moved = await runCairn(two, ['keyspace', 'migrate', '--to', 'embedded', '--force'])
    assert.match(moved.err, /other servers work on this keyspace: .*-/)
    const make = async (at: string, name: string): Promise<void> => {
      using api = new Access(join(at, 'kubeconfig'))
      assert.equal((await api.ask('POST', MAPS, { metadata: { name } })).status, 201)
    }
    const isThere = async (at: string, name: string): Promise<boolean | undefined> => {
      try {
        using api = new Access(join(at, 'kubeconfig'))
        const { status } = await api.ask('GET', `${MAPS}/${name}`)
        return status === 200 ? true : status === 404 ? false : undefined
      } catch {
        return undefined // it starts anew
      }
    }
    // With Cairn ended here, and another server at work.
    await make(one, 'first')
    assert.match((await runCairn(two, ['keyspace', 'restore', file, '--force'])).out, /^Restored/)
    await until(async () => (await isThere(one, 'first')) === false, { what: 'the other server to begin anew' })
    // While both work, and the process that restores is killed.
    await using second = await up(two)
    await make(two, 'second')
    await until(async () => (await isThere(one, 'second')) === true, { what: 'both to see it' })
    const restoring = runCairn(two, ['keyspace', 'restore', file, '--force'])
    await until(() => second.said().includes('a backup is restored'), { what: 'the restore to begin' })
    for (const pid of childrenOf(second.child.pid ?? 0, 'control')) process.kill(pid, 'SIGKILL')
    const { out, err } = await restoring
    assert.match(out, /^Restored/, err)
    for (const at of [one, two])
      await until(async () => (await isThere(at, 'second')) === false, { what: `what was restored at ${at}` })
    await make(one, 'third')
    await until(async () => (await isThere(two, 'third')) === true, { what: 'both to work on' })
  })

  test('refuses what cannot be meant, by name', async () => {
    const nothing = join(folder, 'nothing')
    assert.match((await runCairn(nothing, ['keyspace', 'backup', join(folder, 'x')])).err, /no data folder at/)
    const nowhere = await runCairn(data, ['keyspace', 'backup', join(nothing, 'x')])
    assert.match(nowhere.err, /nothing\/x\.new cannot be written: ENOENT\nhint: Choose/)
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const other of [folder, pipe]) {
      const { err } = await runCairn(data, ['keyspace', 'restore', other, '--force'])
      assert.match(err, /^error: .* is no regular file\nhint: Name/)
      const taken = await runCairn(data, ['keyspace', 'backup', other, '--force'])
      assert.match(taken.err, /is there already, and is no regular file\nhint: Choose/)
    }
    if (process.geteuid?.() === 0) {
      const small = mkdtempSync(join(folder, 'small-'))
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', small])
      try {
        const full = await runCairn(data, ['keyspace', 'backup', join(small, 'x')])
        assert.match(full.err, /no space left for .*small-.*x\nhint: Free space/)
        assert.deepEqual(readdirSync(small), [])
      } finally {
        execFileSync('umount', [small])
      }
    }
    for (const [words, said] of [
      [['etcd=http://10.0.0.1:2379'], /in the clear/],
      [['redis=https://a:1'], /is no keyspace/],
      [['etcd=https://a:1', '--keyspace-cert', '/etc/hostname'], /needs its key/],
      [['etcd=https://a:1', '--keyspace-ca', '/nowhere.pem'], /nowhere\.pem cannot be read/],
    ] as const) {
      const { err, code } = await runCairn(data, ['keyspace', 'migrate', '--to', ...words])
      assert.match(err, said)
      assert.equal(code, 1)
    }
  })
})

/** Makes config maps, one after the other, until it is stopped. */
class Writer {
  readonly #kubeconfig: string
  readonly #acknowledged: string[] = []
  readonly #done: Promise<void>
  #isOver = false

  constructor(kubeconfig: string) {
    this.#kubeconfig = kubeconfig
    this.#done = this.#write()
  }

  async more(count: number): Promise<void> {
    const wanted = this.#acknowledged.length + count
    await until(() => this.#acknowledged.length >= wanted, { what: `${count} more writes` })
  }

  async stop(): Promise<readonly string[]> {
    this.#isOver = true
    await this.#done
    return this.#acknowledged
  }

  async #write(): Promise<void> {
    for (let n = 0; !this.#isOver; ) {
      using api = new Access(this.#kubeconfig)
      try {
        for (; !this.#isOver; n++) {
          const name = `n-${n}`
          const { status, body } = await api.ask('POST', MAPS, { metadata: { name } })
          if (status === 201) this.#acknowledged.push(name)
          else assert.ok(status >= 500, body)
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
        n += 1 // nobody knows whether it was made
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
  }
}
