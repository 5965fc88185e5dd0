import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { beginEpoch, type LocalKeyspace, openEmbeddedKeyspace, packRecords, revisionOf, sqliteIndex } from '#keyspace'
import { MemoryChunkSource } from '../remote-fs/testing/chunks.ts'
import { Filesystems } from '../storage/filesystems.ts'
import { Replication } from './replication.ts'

const never = new AbortController().signal
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

/** A machine that the map names the home of a filesystem, after one that is off. */
class Named implements AsyncDisposable {
  readonly changed: string[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'cairn-lost-log-'))
  readonly #stack = new AsyncDisposableStack()
  replication = this.#open()

  /** Has what the home has, with an epoch that ends there. */
  async follow(home: LocalKeyspace): Promise<void> {
    const { standbys } = this.replication
    await standbys.reach('home', 1)
    for await (const record of home.records(revisionOf(1), never)) {
      await standbys.append('home', packRecords(1, record.revision, [record]), record.revision, never)
      if (record.revision === home.revision) return
    }
  }

  /** The log of a home on another machine. */
  async home(): Promise<LocalKeyspace> {
    const options = { world, folder: join(this.#folder, 'other'), index: sqliteIndex }
    const home = this.#stack.use(await openEmbeddedKeyspace({ ...options, history: { ms: 0, revisions: 0 } }))
    beginEpoch(home, { epoch: 1, boot: 'a' })
    return home
  }

  /** Its storage process ends, and the next one begins. */
  async again(): Promise<Filesystems> {
    await this.replication[Symbol.asyncDispose]()
    this.replication = this.#open()
    const homes = await this.replication.begin()
    const parts = { world, dataFolder: this.#folder, chunks: new MemoryChunkSource() }
    const filesystems = this.#stack.use(await Filesystems.open({ ...parts, mounted: new Set(), homes }))
    this.replication.serve(filesystems)
    return filesystems
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
    await this.replication[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true })
  }

  #open(): Replication {
    const machine = { role: 'controller', zone: '', addresses: [], state: 'Online', disks: [] } as const
    const map: NodeMap = {
      cloud: 'c',
      level: 1,
      groups: 1,
      pools: [],
      revoked: [],
      isShared: true,
      version: 1,
      machines: ['a', 'b'].map(name => ({ ...machine, name })),
      filesystems: [{ name: 'home', home: 'b', epoch: 2, inSync: ['b'] }],
    }
    const none = { [Symbol.dispose]: () => undefined }
    const nobody = async () => assert.fail('nobody is called')
    const asked = { client: () => undefined, connect: nobody, states: () => [], leaderAgoMs: 0 }
    return new Replication({
      world,
      dataFolder: this.#folder,
      machines: { own: 'b', map, onMap: () => none, ...asked },
      chunks: new MemoryChunkSource(),
      bootId: 'boot',
      setHome: async () => ({ outcome: 'done', map }),
      changed: name => this.changed.push(name),
    })
  }
}

suite('a machine that is named the home', () => {
  test('becomes it with the log that it has, and lacks nothing', async () => {
    await using named = new Named()
    await named.follow(await named.home())
    const filesystems = await named.again()
    assert.deepEqual(
      filesystems.all.map(({ name }) => name),
      ['home'],
    )
    assert.deepEqual(named.replication.lacks, [])
  })

  test('never becomes it with an empty log, as after a new disk, and says that it lacks it', async () => {
    await using named = new Named()
    assert.deepEqual(named.replication.lacks, ['home'])
    await named.replication.standbys.reach('home', 1)
    const filesystems = await named.again()
    assert.deepEqual(filesystems.all, [])
    assert.deepEqual(named.replication.lacks, ['home'])
    assert.equal(await named.replication.hasLog('home'), undefined)
    assert.deepEqual(named.changed, [], 'another process would find the same')
    await named.follow(await named.home())
    assert.deepEqual(named.replication.lacks, [])
  })
})
