import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { changedHomes, type NodeMap, subjectOf } from '#cluster'
import { machineWorld } from '#host'
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
  readonly #stack = new AsyncDisposableStack()
  readonly changed = Promise.withResolvers<string>()
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
    this.#stack.defer(() => rmSync(this.#dataFolder, { recursive: true }))
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
      connect: async () => assert.fail('nobody is called'),
      states: () => [],
      leaderAgoMs: 0,
    }
    const parts = { world, dataFolder: this.#dataFolder, machines, chunks: new MemoryChunkSource(), bootId: 'boot' }
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
    const filesystems = this.#stack.use(await Filesystems.open({ ...parts, mounted: new Set(), homes }))
    replication.serve(filesystems)
    this.replication = replication
    return filesystems.get('home')
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
  async reach(): Promise<unknown> {
    const handlers = this.replication?.handlers() ?? []
    const handler = handlers.find(({ method }) => method.name === 'log.reach')
    const peer = { ...subjectOf({ name: 'b', isController: true }), serial: '1' }
    const context = { body: NO_BYTES, peer, signal: never, software: 'test' }
    const streams = { send: async () => undefined, received: nothing() }
    return handler?.run({ filesystem: 'home', epoch: 2 }, context as never, streams as never)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
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
})

async function* nothing(): AsyncGenerator<never> {}
