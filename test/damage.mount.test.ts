import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { suite, test } from 'node:test'
import { type Cloud, openCloud, until, whyNoFuse } from './cloud.ts'

const MIB = 2 ** 20

/** Flips a bit of every copy of these bytes in the segments of a Cairn: a put that was not needed may leave one that nobody reads. */
function flip({ data }: Cloud, bytes: Buffer): void {
  const folder = `${data}/chunks/segments`
  let flipped = 0
  for (const name of fs.readdirSync(folder)) {
    const file = `${folder}/${name}`
    const content = fs.readFileSync(file)
    const handle = fs.openSync(file, 'r+')
    for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) {
      fs.writeSync(handle, Buffer.from([bytes.readUInt8(0) ^ 1]), 0, 1, at)
      flipped++
    }
    fs.closeSync(handle)
  }
  assert.ok(flipped > 0, 'the bytes are in no segment')
}

/** The exit code of a scrub, and since when it says that there is damage. */
async function scrub(cloud: Cloud): Promise<readonly unknown[]> {
  const { code, err } = await cloud.run('fs', 'scrub', '--rate', '1000')
  return [code, /; ([a-z ]+):/.exec(err)?.[1]]
}

/** What doctor thinks of the chunks, and what it says behind their count. */
async function chunks(cloud: Cloud): Promise<readonly unknown[] | undefined> {
  const { out } = await cloud.run('doctor')
  return /\n(\w+) +chunks .*? damaged(.*)\n/.exec(out)?.slice(1)
}

suite('damage of chunks', { skip: whyNoFuse() }, () => {
  test('is named until what needs it is gone, and mended by a put of the same content', async () => {
    await using cloud = await openCloud()
    const content = randomBytes(3 * MIB)
    const source = `${cloud.home}/source`
    fs.writeFileSync(source, content)
    await cloud.json('put', source, '/rotten')
    flip(cloud, content.subarray(MIB + 5, MIB + 100))
    assert.deepEqual(await scrub(cloud), [1, 'found now'])
    assert.deepEqual(await scrub(cloud), [1, 'set aside before'])
    assert.throws(() => fs.readFileSync(`${cloud.mount}/rotten`), { code: 'EIO' })
    assert.deepEqual(await chunks(cloud), ['fail', ', needed by /rotten'])

    flip(cloud, content.subarray(5, 100)) // what nobody has noticed is mended too
    await cloud.json('put', source, '/mended')
    assert.ok(fs.readFileSync(`${cloud.mount}/rotten`).equals(content))
    assert.deepEqual(await scrub(cloud), [0, undefined])
    assert.deepEqual(await chunks(cloud), ['ok', ''])

    flip(cloud, content.subarray(MIB + 5, MIB + 100))
    assert.deepEqual(await scrub(cloud), [1, 'found now'])
    for (const name of ['rotten', 'mended']) fs.rmSync(`${cloud.mount}/${name}`)
    const isUnneeded = async () => (await chunks(cloud))?.[0] === 'warn'
    await until(isUnneeded, { what: 'damage that nothing needs any more' })
    assert.equal((await cloud.run('fs', 'gc')).code, 0)
    assert.deepEqual(await scrub(cloud), [0, undefined])
    assert.deepEqual(await chunks(cloud), ['ok', ''])
  })
})
