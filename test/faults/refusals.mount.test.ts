import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { type Cloud, openCloud, whyNoFuse } from '../cloud.ts'
import { runCairn } from '../cloud/cli.ts'
import { seededRandom } from '../posix/stress/random.ts'
import { makeSample, readAll, restore, type Sample } from './rot/sample.ts'
import { spoilTail, type TornTail } from './rot/tails.ts'
import { openChunks, openEmbedded } from './second-process.ts'

const TAILS: readonly TornTail[] = ['cut', 'garbage', 'zeros']

suite('data that cannot be opened as it is', { skip: whyNoFuse(), timeout: 120_000 }, () => {
  let sample: Sample
  before(async () => {
    sample = await makeSample()
  })
  after(async () => {
    await sample?.[Symbol.asyncDispose]()
  })

  for (const how of TAILS) {
    test(`a log and a segment whose end is torn (${how}) lose nothing that was synced`, async () => {
      const { cloud, clean, synced } = sample
      restore(sample, clean)
      const random = seededRandom(how.length)
      const spoilt = [/keyspace\/log\//, /segments\//].map(wanted => spoilTail(cloud.data, wanted, how, random))
      for (let start = 0; start < 2; start += 1) {
        await cloud.start()
        const { refused } = readAll(cloud.mount, synced)
        // The end of the newest segment may be the last chunk itself: then that one file says so.
        assert.ok(refused.length <= 1, `${spoilt.join()}: ${refused.join()}`)
        assert.equal(await cloud.stop(), '0')
      }
    })
  }

  test('of a newer version is refused by name and left as it is', async () => {
    const { cloud, clean } = sample
    restore(sample, clean)
    fs.writeFileSync(`${cloud.data}/version`, 'cairn-data 2\n')
    await refused(cloud, /written by a newer Cairn/)
    assert.equal(fs.readFileSync(`${cloud.data}/version`, 'utf8'), 'cairn-data 2\n')
    assert.deepEqual(listing(cloud.data), listing(clean))
  })

  test('whose log is lost together with its index is refused by name, and nothing is begun anew', async () => {
    const { cloud, clean } = sample
    restore(sample, clean)
    const keyspace = `${cloud.data}/fs/home/keyspace`
    const log = `${keyspace}/log/00000001.log`
    fs.writeFileSync(log, fs.readFileSync(log).fill(0, 0, 128))
    fs.rmSync(`${keyspace}/index`, { recursive: true })
    const before = fs.readFileSync(log)
    await refused(cloud, /00000001\.log is damaged/)
    assert.ok(fs.readFileSync(log).equals(before), 'the log is as it was')
  })
})

suite('two at once', { skip: whyNoFuse(), timeout: 60_000 }, () => {
  test('a second Cairn on the same data is refused by name, and the first does not notice', async () => {
    await using cloud = await openCloud()
    fs.writeFileSync(`${cloud.mount}/file`, 'here', { flush: true })
    const { code, err } = await runCairn(cloud.data, ['up', '--no-mount'])
    assert.equal(code, 1)
    assert.match(err, /already runs on .* \(process [0-9]+\)/)
    assert.match(err, /hint: /)
    assert.equal(fs.readFileSync(`${cloud.mount}/file`, 'utf8'), 'here')
    await assert.rejects(openEmbedded(`${cloud.data}/fs/home/keyspace`), { code: 'InUse' })
    await assert.rejects(openChunks(`${cloud.data}/chunks`), { code: 'InUse' })
  })
})

/** The start ends with this message and a remedy. */
async function refused(cloud: Cloud, message: RegExp): Promise<void> {
  await assert.rejects(cloud.start())
  assert.match(cloud.said, message)
  assert.match(cloud.said, /hint: \S/)
  assert.doesNotMatch(cloud.said, / at .*\.ts:/)
}

function listing(folder: string): string[] {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
}
