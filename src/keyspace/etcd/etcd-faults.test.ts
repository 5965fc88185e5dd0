import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { bytesOf, isFault } from '#base'
import { revisionOf } from '../change.ts'
import type { Keyspace } from '../keyspace.ts'
import { never, put, quietWorld, take, txn } from '../test/support.ts'
import { Connection } from './connection.ts'
import { type EtcdOptions, openEtcdKeyspace } from './open.ts'
import { answers, type EtcdServer, startCluster, startEtcd, whyNoEtcd } from '../../../test/etcd/server.ts'
import { Load } from '../../../test/etcd/load.ts'
import { Proxy } from '../../../test/etcd/proxy.ts'

const all = { kind: 'prefix', prefix: '' } as const
const quick = { everyMs: 1000, timeoutMs: 500 }

function open(endpoints: readonly URL[], more: Partial<EtcdOptions> = {}): Promise<Keyspace> {
  return openEtcdKeyspace({ world: quietWorld, endpoints, prefix: '/faults/', ...more }, never)
}

suite('etcd when things fail', { skip: whyNoEtcd(), timeout: 180_000 }, () => {
  test('a server that is killed and starts again loses and doubles no write, and watches go on', async () => {
    await using server = await startEtcd({ durable: true })
    await using keyspace = await open([server.url])
    const load = new Load(keyspace, 8)
    for (let round = 0; round < 2; round++) {
      await load.more(100)
      await server.kill()
      server.launch()
    }
    await load.more(100)
    await load.check()
  })

  test('a cluster of three goes on when its leader is killed, and when another member is', async () => {
    const servers = await startCluster()
    try {
      await using keyspace = await open(servers.map(server => server.url))
      const lease = await keyspace.grant(20_000, never)
      const load = new Load(keyspace, 8)
      await load.more(100)
      const leader = leaderOf(servers)
      await leader.kill()
      await load.more(100)
      assert.equal(await keyspace.keepAlive(lease, never), 20_000)
      leader.launch(servers.map(server => server.member))
      assert.ok(await answers(leader))
      await servers.find(server => server !== leader)!.kill()
      await load.more(100)
      await load.check()
    } finally {
      for (const server of servers) await server[Symbol.asyncDispose]()
    }
  })

  test('a member that answers is asked until there is another leader, not the one that was it and is silent', async () => {
    const servers = await startCluster()
    const leader = leaderOf(servers)
    await using proxy = new Proxy(leader.url)
    try {
      const [other] = servers.filter(server => server !== leader)
      await using keyspace = await open([other!.url, await proxy.listen()])
      await txn(keyspace, put('a', '1'))
      leader.freeze('SIGSTOP')
      proxy.silence()
      const { entries } = await keyspace.range({ keys: all }, never)
      assert.equal(entries.length, 1)
      assert.equal(proxy.accepted, 0)
    } finally {
      leader.freeze('SIGCONT')
      for (const server of servers) await server[Symbol.asyncDispose]()
    }
  })

  test('a lease that is kept alive leaves no member for another', async () => {
    await using server = await startEtcd()
    await using proxy = new Proxy(server.url)
    await using keyspace = await open([server.url, await proxy.listen()])
    const lease = await keyspace.grant(20_000, never)
    for (let i = 0; i < 3; i++) {
      await keyspace.keepAlive(lease, never)
      await keyspace.range({ keys: all }, never)
    }
    assert.equal(proxy.accepted, 0)
  })

  test('a member whose machine is off is given up after a moment, as nothing answers there', async () => {
    await using off = await listenAndSleep()
    const connection = new Connection(new URL(`https://127.0.0.1:${off.port}`), () => ({}), quick)
    const asked = { path: '/etcdserverpb.Maintenance/Status', message: new Uint8Array(), timeoutMs: 60_000 }
    const beganMs = performance.now()
    const answer = await connection.unary(asked, never)
    assert.equal(answer.ok || answer.failure.how, 'refused')
    assert.ok(performance.now() - beganMs < 20_000, 'not when TCP gives up')
    connection.close()
  })

  test('a network that goes silent is noticed, and another way is taken', async () => {
    await using server = await startEtcd({ flags: ['--grpc-keepalive-min-time=900ms'] })
    await using proxy = new Proxy(server.url)
    await using keyspace = await open([await proxy.listen(), server.url], { keepAlive: quick })
    const load = new Load(keyspace, 4)
    await load.more(50)
    proxy.silence()
    await load.more(200)
    await load.check()
  })

  test('a watch that missed what was compacted says so, and nothing else is left waiting', async () => {
    await using server = await startEtcd()
    await using proxy = new Proxy(server.url)
    await using here = await open([await proxy.listen()])
    await using there = await open([server.url])
    const { revision } = await txn(there, put('a', '1'))
    const watch = here.watch({ keys: all, from: revision }, never)[Symbol.asyncIterator]()
    assert.equal((await watch.next()).value?.events.length, 1)
    const missed = watch.next()
    proxy.cut()
    await assert.rejects(here.range({ keys: all }, AbortSignal.timeout(500)), /timeout/)
    for (let i = 0; i < 5; i++) await txn(there, put('a', `${i}`))
    await there.compact((await txn(there, put('a', 'last'))).revision, never)
    proxy.mend()
    await assert.rejects(missed, error => isFault(error, 'Compacted'))
    assert.equal((await here.range({ keys: all }, never)).entries.length, 1)
    assert.equal(
      (await take(here.watch({ keys: all, from: (await txn(there, put('b', ''))).revision }, never), 1)).length,
      1,
    )
  })

  test('a watch of which nothing changes is told how far all is, and goes on there when history is gone', async () => {
    await using server = await startEtcd()
    await using proxy = new Proxy(server.url)
    // Far above the 100 ms in which etcd brings a watch up to date: only then its answers about progress can be believed.
    await using here = await open([await proxy.listen()], { progressMs: 1500 })
    await using there = await open([server.url])
    const { revision } = await txn(there, put('quiet', '1'))
    const from = revisionOf(revision + 1)
    const watch = here.watch({ keys: { kind: 'key', key: 'quiet' }, from }, never)[Symbol.asyncIterator]()
    let newest = revision
    for (let i = 0; i < 5; i++) newest = (await txn(there, put('busy', `${i}`))).revision
    for (let told = revision; told < newest; ) {
      const { events, revision: reached } = (await watch.next()).value!
      assert.equal(events.length, 0)
      told = reached
    }
    const later = watch.next()
    proxy.cut()
    await there.compact(newest, never)
    const last = await txn(there, put('quiet', '2'))
    proxy.mend()
    for (let step = await later; ; step = await watch.next()) {
      if (step.value!.events.length === 0) continue
      assert.equal(step.value!.revision, last.revision)
      break
    }
  })

  test('an etcd that is full refuses writes by name, and reads go on', async () => {
    await using server = await startEtcd({ flags: ['--quota-backend-bytes=4000000'] })
    await using keyspace = await open([server.url])
    const write = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) await txn(keyspace, put('a', 'v'.repeat(500_000)))
    }
    await assert.rejects(write(), error => isFault(error, 'DiskFull') && /etcdctl alarm disarm/.test(error.hint ?? ''))
    assert.equal((await keyspace.range({ keys: all }, never)).entries.length, 1)
    const [trouble] = (await keyspace.status(never)).troubles ?? []
    assert.match(trouble?.what ?? '', /no more room/)
    assert.match(trouble?.remedy ?? '', /etcdctl alarm disarm/)
    const value = bytesOf('v'.repeat(1.5 * 2 ** 20))
    await assert.rejects(txn(keyspace, ...['a', 'b', 'c'].map(key => ({ kind: 'put', key, value }) as const)), error =>
      isFault(error, 'TooLarge'),
    )
  })

  test('nobody there is a fault that says so', async () => {
    await using proxy = new Proxy(new URL('http://127.0.0.1:1'))
    const url = await proxy.listen()
    proxy.cut()
    const world = { ...quietWorld, clock: { ...quietWorld.clock, monotonicMs: hurried() } }
    await assert.rejects(openEtcdKeyspace({ world, endpoints: [url], prefix: '' }, never), error =>
      isFault(error, 'Unavailable'),
    )
  })
})

function leaderOf(servers: readonly EtcdServer[]): EtcdServer {
  const status = (server: EtcdServer): { leader: bigint; self: bigint } => {
    const [entry] = JSON.parse(server.ctl('endpoint', 'status', '-w', 'json').replace(/:(\d{16,})/g, ':"$1"'))
    return { leader: BigInt(entry.Status.leader), self: BigInt(entry.Status.header.member_id) }
  }
  return servers.find(server => status(server).leader === status(server).self)!
}

/** A clock that is five seconds later each time it is asked. */
function hurried(): () => number {
  let nowMs = 0
  return () => (nowMs += 5000)
}

/** A port at which the kernel answers nobody any more: the process behind it stands still, and the queue before it is full. */
async function listenAndSleep(): Promise<AsyncDisposable & { readonly port: number }> {
  const program =
    "const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))"
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [said] = await once(child.stdout, 'data')
  const port = Number(String(said))
  child.kill('SIGSTOP')
  const waiting = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => undefined))
  await delay(200)
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
