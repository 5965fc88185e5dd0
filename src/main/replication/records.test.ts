import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { changedHomes, clusterFault, homeOf, type MapFilesystem, type NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { RECORD_AGAIN_MS } from '../limits.ts'
import { HomeRecords } from './records.ts'

const never = new AbortController().signal
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const first: MapFilesystem = { name: 'home', home: 'a', epoch: 1, inSync: ['a'] }

/** A machine and the controller that it asks: answers may be lost, and maps come late. */
class Cloud implements AsyncDisposable {
  readonly own: string
  readonly dataFolder = mkdtempSync(join(tmpdir(), 'cairn-homes-'))
  isAway = false
  losesAnswers = false
  /** A controller answers when it resolves. */
  answers = Promise.resolve()
  kept: NodeMap
  map: NodeMap
  records: HomeRecords
  #hear: (map: NodeMap) => void = () => undefined
  #machines: { map: NodeMap } | undefined

  constructor(own: string) {
    this.own = own
    const machine = { role: 'node', zone: '', addresses: [], state: 'Online', disks: [] } as const
    const machines = ['a', 'b', 'c'].map(name => ({ ...machine, name }))
    const fixed = { cloud: 'c', level: 1, groups: 1, pools: [], revoked: [], isShared: true }
    this.kept = { ...fixed, version: 1, machines, filesystems: [first] }
    this.map = this.kept
    this.records = this.#open()
  }

  /** The map comes to the machine. */
  tell(): void {
    this.map = this.kept
    if (this.#machines !== undefined) this.#machines.map = this.map
    this.#hear(this.map)
  }

  async restart(): Promise<void> {
    await this.records[Symbol.asyncDispose]()
    this.records = this.#open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.records[Symbol.asyncDispose]()
    rmSync(this.dataFolder, { recursive: true })
  }

  #open(): HomeRecords {
    const machines = {
      own: this.own,
      map: this.map,
      onMap: (run: (map: NodeMap) => void) => {
        this.#hear = run
        return { [Symbol.dispose]: () => undefined }
      },
      client: () => undefined,
      connect: async () => assert.fail(),
      states: () => [],
      leaderAgoMs: undefined,
    }
    this.#machines = machines
    return new HomeRecords({
      world,
      dataFolder: this.dataFolder,
      machines,
      setHome: async change => {
        if (this.isAway) throw clusterFault('NoController', 'away')
        const filesystems = changedHomes(this.kept, change, this.own)
        if (filesystems !== undefined) this.kept = { ...this.kept, version: this.kept.version + 1, filesystems }
        await this.answers
        if (this.losesAnswers) throw clusterFault('NoController', 'the answer was lost')
        return { outcome: filesystems === undefined ? 'stale' : 'done', map: this.kept }
      },
    })
  }
}

suite('where filesystems live, as a machine knows it', () => {
  test('who may have been taken in counts until it is known, also after a restart', async () => {
    await using cloud = new Cloud('a')
    cloud.losesAnswers = true
    await assert.rejects(cloud.records.agree('home', 1, ['a', 'b'], never))
    assert.deepEqual(homeOf(cloud.kept, 'home')?.inSync, ['a', 'b'])
    assert.deepEqual(cloud.records.of('home')?.inSync, ['a', 'b'])
    await cloud.restart()
    assert.deepEqual(cloud.map.filesystems, [first], 'the map has not come')
    assert.deepEqual(cloud.records.of('home')?.inSync, ['a', 'b'])
    cloud.losesAnswers = false
    await cloud.records.agree('home', 1, ['a'], never).catch(() => undefined)
    await cloud.records.agree('home', 1, ['a'], never)
    assert.deepEqual(homeOf(cloud.kept, 'home')?.inSync, ['a'])
    assert.deepEqual(cloud.records.of('home')?.inSync, ['a'])
    await cloud.restart()
    assert.deepEqual(cloud.records.of('home')?.inSync, ['a'])
  })

  test('who was left out while it was asked again who is in sync is not taken in again', async () => {
    await using cloud = new Cloud('a')
    cloud.losesAnswers = true
    await assert.rejects(cloud.records.agree('home', 1, ['a', 'b'], never))
    cloud.losesAnswers = false
    await cloud.records.agree('home', 1, ['a'], never).catch(() => undefined)
    const answer = Promise.withResolvers<void>()
    cloud.answers = answer.promise
    const leaving = cloud.records.agree('home', 1, ['a'], never)
    await world.clock.sleep(RECORD_AGAIN_MS * 1.5, never)
    answer.resolve()
    await leaving
    await world.clock.sleep(100, never)
    assert.deepEqual(homeOf(cloud.kept, 'home')?.inSync, ['a'])
  })

  test('a home hears from a controller that there is a later one', async () => {
    await using cloud = new Cloud('a')
    cloud.kept = { ...cloud.kept, filesystems: [{ ...first, home: 'b', epoch: 2, inSync: ['b'] }] }
    await assert.rejects(cloud.records.agree('home', 1, ['a'], never), error => isFault(error, 'OldEpoch'))
    assert.equal(cloud.records.of('home')?.home, 'b')
  })

  test('what people have forced without a controller outlives a restart, and a controller takes it over', async () => {
    await using cloud = new Cloud('b')
    cloud.isAway = true
    const forced = { name: 'home', home: 'b', epoch: 3, inSync: ['b'] }
    await cloud.records.force(forced)
    await cloud.records.agree('home', 3, ['b', 'c'], never)
    await cloud.restart()
    assert.deepEqual(cloud.records.of('home'), { ...forced, inSync: ['b', 'c'] })
    cloud.isAway = false
    while (homeOf(cloud.kept, 'home')?.epoch !== 3) await world.clock.sleep(10, never)
    cloud.tell()
    while (cloud.records.forced.length > 0) await world.clock.sleep(10, never)
    assert.deepEqual(cloud.records.of('home'), { ...forced, inSync: ['b', 'c'] })
  })

  test('of two records the higher epoch holds', async () => {
    await using cloud = new Cloud('c')
    await cloud.records.take([{ ...first, home: 'b', epoch: 3, inSync: ['b'] }])
    await cloud.records.take([{ ...first, home: 'c', epoch: 2, inSync: ['c'] }])
    assert.deepEqual([cloud.records.of('home')?.home, cloud.records.forced.length], ['b', 1])
  })
})
