import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isFault } from '#base'
import { changedHomes, type NodeMap, subjectOf } from '#cluster'
import { machineWorld } from '#host'
import { epochsOf, type LogReach, nextFrom, revisionOf, sqliteIndex } from '#keyspace'
import { NO_BYTES } from '#rpc'
import { changedSince, type Ino } from '#storage/fs'
import { MemoryChunkSource } from '../remote-fs/testing/chunks.ts'
import { make, put } from '../remote-fs/testing/cloud.ts'
import { Filesystems, type OpenFilesystem } from '../storage/filesystems.ts'
import { Replication } from './replication.ts'

const never = new AbortController().signal
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

/** The first machine of a cloud, in the process that has made its filesystem, and the map that it hears. */
class Home implements AsyncDisposable {
  readonly #dataFolder = mkdtempSync(join(tmpdir(), 'cairn-former-home-'))
  #stack = new AsyncDisposableStack()
  readonly changed = Promise.withResolvers<string>()
  readonly #chunks = new MemoryChunkSource()
  /** What the next home answers; undefined: nobody is called. */
  next: ((method: string) => unknown) | undefined
  /** Another one after a power cut. */
  boot = 'boot'
  readonly #hearers = new Set<(map: NodeMap) => void>()
  #map: NodeMap
  replication: Replication | undefined

  constructor() {
    const machines = ['a', 'b'].map(
      name => ({ name, role: 'controller', zone: '', addresses: [], state: 'Online', disks: [] }) as const,
    )
    const fixed = { cloud: 'c', level: 1, groups: 1, pools: [], revoked: [], isShared: true }
    this.#map = { ...fixed, version: 1, machines, filesystems: [] }
  }

  async open(): Promise<OpenFilesystem> {
    return (await this.#open()).get('home')
  }

  /** The storage process ends, and the next one begins. */
  async again(): Promise<void> {
    await this.#stack.disposeAsync()
    this.#stack = new AsyncDisposableStack()
    await this.#open()
  }

  async #open(): Promise<Filesystems> {
    const now = () => this.#map
    const machines = {
      own: 'a',
      get map() {
        return now()
      },
      onMap: (run: (map: NodeMap) => void) => {
        this.#hearers.add(run)
        return { [Symbol.dispose]: () => void this.#hearers.delete(run) }
      },
      client: () => undefined,
      connect: async () => {
        const { next } = this
        if (next === undefined) return assert.fail('nobody is called')
        return { call: async ({ name }: { name: string }) => next(name) } as never
      },
      states: () => [],
      leaderAgoMs: 0,
    }
    const parts = { world, dataFolder: this.#dataFolder, machines, chunks: this.#chunks, bootId: this.boot }
    const replication = this.#stack.use(
      new Replication({
        ...parts,
        setHome: async change => {
          const filesystems = changedHomes(this.#map, change, 'a') ?? this.#map.filesystems
          this.tell({ ...this.#map, version: this.#map.version + 1, filesystems })
          return { outcome: 'done', map: this.#map }
        },
        changed: name => this.changed.resolve(name),
      }),
    )
    const homes = await replication.begin()
    const filesystems = this.#stack.use(
      await Filesystems.open({ ...parts, mounted: new Set(), homes, place: this.#place }),
    )
    replication.serve(filesystems)
    this.replication = replication
    return filesystems
  }

  get #place() {
    return { index: sqliteIndex, bootId: this.boot, owner: { uid: 0, gid: 0 } }
  }

  tell(map: NodeMap): void {
    this.#map = map
    for (const run of this.#hearers) run(map)
  }

  /** Another machine is the home from now on. */
  depose(): void {
    const filesystems = [{ name: 'home', home: 'b', epoch: 2, inSync: ['b', 'a'] }]
    this.tell({ ...this.#map, version: this.#map.version + 1, filesystems })
  }

  /** The next home wants to know how far the log here is. */
  async reach(): Promise<LogReach> {
    const handlers = this.replication?.handlers() ?? []
    const handler = handlers.find(({ method }) => method.name === 'log.reach')
    const peer = { ...subjectOf({ name: 'b', isController: true }), serial: '1' }
    const context = { body: NO_BYTES, peer, signal: never, software: 'test' }
    const streams = { send: async () => undefined, received: nothing() }
    const answer = await handler?.run({ filesystem: 'home', epoch: 2 }, context as never, streams as never)
    return (answer as { readonly head: LogReach }).head
  }

  /** The same, as soon as the log here may be followed. */
  async reached(): Promise<LogReach> {
    for (;;) {
      try {
        return await this.reach()
      } catch (error) {
        if (!isFault(error, 'HomeUnreachable')) throw error
      }
      await delay(5)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
    rmSync(this.#dataFolder, { recursive: true })
  }
}

suite('a machine that was the home', () => {
  test('goes as soon as it hears of another, also in the process that has made the filesystem', async () => {
    await using home = new Home()
    await home.open()
    assert.equal(home.replication?.isCutOff('home'), false)
    home.depose()
    assert.equal(home.replication?.isCutOff('home'), true, 'nobody is answered any more')
    assert.equal(await home.changed.promise, 'home')
  })

  test('knows which files the next home does not have as they were here', async () => {
    await using home = new Home()
    const { filesystem, keyspace } = await home.open()
    const made = await Promise.all(['kept', 'lost'].map(name => make(filesystem.vfs, name)))
    const [kept, lost] = made.map(({ ino }) => ino) as [Ino, Ino]
    await put(filesystem.vfs, kept, 'shipped')
    await filesystem.sync()
    const { revision } = keyspace
    assert.deepEqual(changedSince(keyspace, revision), [])
    await put(filesystem.vfs, lost, 'alone')
    await filesystem.sync()
    assert.deepEqual(changedSince(keyspace, revision), [lost])
  })

  test('takes no log from the next one before its own is given up', async () => {
    await using home = new Home()
    await home.open()
    home.depose()
    await assert.rejects(home.reach(), error => isFault(error, 'HomeUnreachable'))
  })

  test('has what it has acknowledged all the time until it follows the next one', async () => {
    await using home = new Home()
    const { filesystem, keyspace } = await home.open()
    await make(filesystem.vfs, 'kept')
    await filesystem.sync()
    const last = keyspace.revision
    home.depose()
    const compared = Promise.withResolvers<void>()
    home.next = method => {
      if (method === 'log.compare') compared.resolve()
      return method === 'log.compare' ? { isPrefix: true, common: last } : { records: [] }
    }
    await home.again()
    assert.deepEqual(home.replication?.lacks, [])
    await compared.promise
    await home.reached()
    const there = await home.replication?.hasLog('home')
    assert.ok((there?.last ?? 0) >= last, 'as far as it was')
    assert.deepEqual(home.replication?.lacks, [])
    // The next one dies before it has sent anything: the log here is as good as it was.
    await home.again()
    assert.deepEqual(home.replication?.lacks, [])
    assert.ok(((await home.replication?.hasLog('home'))?.last ?? 0) >= last)
  })

  test('writes nothing that the next one takes for its own, which may have what a power cut took here', async () => {
    await using home = new Home()
    const { filesystem, keyspace } = await home.open()
    filesystem.sessions.open({ machine: 'b', access: 'full' }, undefined)
    await filesystem.sync()
    const { revision } = keyspace
    const next = { epoch: 2, boot: 'other', first: revisionOf(revision + 2) }
    const there = { epochs: [...epochsOf(keyspace), next], last: next.first }
    home.depose()
    home.next = method => (method === 'log.compare' ? { isPrefix: true, common: revision } : { records: [] })
    home.boot = 'boot after a power cut'
    await home.again()
    const here = await home.reached()
    assert.ok(here.last > revision, 'the session of before is over')
    assert.equal(nextFrom(there, here), undefined)
  })
})

async function* nothing(): AsyncGenerator<never> {}
