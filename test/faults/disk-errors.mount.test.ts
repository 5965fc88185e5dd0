import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FaultRule } from '../../tools/faultfs/faultfs.ts'
import { whyNoFuse } from '../cloud.ts'
import { type FaultyCloud, openFaultyCloud } from './faulty-disk.ts'
import { Files, failSome, PLACES } from './scenarios/disk-errors.ts'

const [LOG, SEGMENTS, STAGING, INDEX, CHUNK_INDEX] = PLACES

suite('the disk under the data folder fails', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  test('and programs hear of it, lose nothing that was acknowledged, and go on without help', async () => {
    await using faulty = await openFaultyCloud()
    const files = new Files(faulty.cloud)
    for (const name of ['kept', 'other']) assert.equal(files.save(name, 1_500_000), undefined)
    await failOnce(faulty, files, { call: 'sync', path: LOG, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'sync', path: SEGMENTS, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'write', path: LOG, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'write', path: SEGMENTS, error: 'EIO', times: 1 })
    await failOnce(faulty, files, { call: 'write', path: STAGING, error: 'EIO', times: 1 })
    await restart(faulty, files)
  })

  test('while it closes and while it opens, and the next start has everything', async () => {
    await using faulty = await openFaultyCloud()
    const files = new Files(faulty.cloud)
    assert.equal(files.save('small', 3000), undefined)
    assert.equal(files.save('large', 2_500_000), undefined)
    for (const path of [INDEX, CHUNK_INDEX, SEGMENTS, LOG]) {
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

/** One failing call. */
async function failOnce(faulty: FaultyCloud, files: Files, rule: FaultRule): Promise<void> {
  assert.equal(await failSome(faulty, files, rule), 1, `${rule.call} of ${rule.path} failed`)
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
