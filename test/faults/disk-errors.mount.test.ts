import assert from 'node:assert/strict'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { suite, test } from 'node:test'
import type { FaultRule } from '../../tools/faultfs/faultfs.ts'
import { type Cloud, until, whyNoFuse } from '../cloud.ts'
import { type FaultyCloud, openFaultyCloud } from './faulty-disk.ts'
import { bytesOfWrite } from './load/step.ts'

const LOG = 'keyspace/log/'
const SEGMENTS = 'chunks/segments/'

/** What a program knows of its files: the bytes it was told are durable, and those it wrote last. */
class Files {
  readonly #mount: string
  readonly #durable = new Map<string, Buffer>()
  #fill = 1

  constructor(cloud: Cloud) {
    this.#mount = cloud.mount
  }

  /** Replaces a file's bytes and syncs; answers the code of the first error, or undefined. */
  save(name: string, bytes: number): string | undefined {
    this.#fill += 2
    const fresh = bytesOfWrite({ bytes, fill: this.#fill })
    const path = `${this.#mount}/${name}`
    this.#durable.delete(name)
    try {
      const fd = openSync(path, 'w')
      try {
        writeSync(fd, fresh)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      this.#durable.set(name, fresh)
      return undefined
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    }
  }

  /** Everything acknowledged is there, byte for byte. */
  check(): void {
    for (const [name, bytes] of this.#durable) {
      assert.ok(readFileSync(`${this.#mount}/${name}`).equals(bytes), `${name} is what was synced`)
    }
  }
}

suite('the disk under the data folder fails', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  test('and programs hear of it, lose nothing that was acknowledged, and go on without help', async () => {
    await using faulty = await openFaultyCloud()
    const files = new Files(faulty.cloud)
    for (const name of ['kept', 'other']) assert.equal(files.save(name, 1_500_000), undefined)
    await failOnce(faulty, files, { call: 'sync', path: LOG, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'sync', path: SEGMENTS, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'write', path: LOG, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'write', path: SEGMENTS, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'write', path: '/staging$', error: 'EIO', times: 1 })
    await restart(faulty, files)
  })

  test('while it closes and while it opens, and the next start has everything', async () => {
    await using faulty = await openFaultyCloud()
    const files = new Files(faulty.cloud)
    assert.equal(files.save('small', 3000), undefined)
    assert.equal(files.save('large', 2_500_000), undefined)
    for (const path of ['keyspace/index/', 'chunks/index.sqlite', SEGMENTS, LOG]) {
      assert.equal(files.save('more', 700_000), undefined)
      await faulty.disk.rule({ call: 'write', path, error: 'EIO' }, { call: 'sync', path, error: 'EIO' })
      await restart(faulty, files)
      await faulty.cloud.stop()
      await faulty.disk.rule({ call: 'read', path, error: 'EIO', times: 2 })
      await startDespite(faulty)
      files.check()
    }
  })
})

/** One failing call: the program that asked hears EIO or nothing happened to it, and soon all is as before. */
async function failOnce({ cloud, disk }: FaultyCloud, files: Files, rule: FaultRule): Promise<void> {
  const what = `${rule.call} of ${rule.path}`
  await disk.rule(rule)
  const heard = [files.save('small', 3000), files.save('large', 2_500_000)].filter(code => code !== undefined)
  assert.ok(
    heard.every(code => code === 'EIO'),
    `${what}: ${heard.join()}`,
  )
  await until(() => files.save('small', 3000) === undefined, { what: `a sync after ${what}:\n${cloud.said}` })
  await until(() => files.save('large', 2_500_000) === undefined, { what: `a sync after ${what}:\n${cloud.said}` })
  assert.equal(await disk.rule(), 1, `${what} failed`)
  files.check()
}

/** A clean end and a start with a disk that is well again. */
async function restart({ cloud, disk }: FaultyCloud, files: Files): Promise<void> {
  await cloud.stop()
  await disk.rule()
  await cloud.start()
  files.check()
}

/** Starts with a disk that fails: a refusal must name the disk, and the start after it must succeed. */
async function startDespite({ cloud, disk }: FaultyCloud): Promise<void> {
  try {
    await cloud.start()
  } catch {
    assert.match(cloud.said, /error: .*(disk|EIO|I\/O)/i)
    assert.match(cloud.said, /hint: /)
    await disk.rule()
    await cloud.start()
  }
  await disk.rule()
}
