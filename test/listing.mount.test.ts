import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { type Cloud, openCloud, whyNoFuse } from './cloud.ts'

// Enough that a listing takes several requests and its cache several pages.
const NAMES = Array.from({ length: 1500 }, (_, number) => `name-${String(number).padStart(4, '0')}`)

suite('a listing that the kernel has cached', { skip: whyNoFuse() }, () => {
  let cloud: Cloud
  before(async () => {
    cloud = await openCloud()
    fs.mkdirSync(`${cloud.mount}/d`)
    for (const name of NAMES) fs.writeFileSync(`${cloud.mount}/d/${name}`, '')
  })
  after(() => cloud[Symbol.asyncDispose]())

  const listed = () => fs.readdirSync(`${cloud.mount}/d`).sort()
  const beside = async (...words: string[]) => {
    const { code, err } = await cloud.run(...words)
    assert.equal(code, 0, err)
  }
  // The second listing is served from the cache that the first one filled.
  const showsBeforeAndAfter = async (names: readonly string[], ...words: string[]) => {
    for (let time = 0; time < 2; time += 1) assert.deepEqual(listed(), names)
    await beside(...words)
  }

  test('shows what was put, removed and restored beside the mount at once', async () => {
    fs.writeFileSync(`${cloud.home}/put`, 'put')
    await showsBeforeAndAfter(NAMES, 'put', `${cloud.home}/put`, '/d/')
    await showsBeforeAndAfter([...NAMES, 'put'], 'fs', 'snapshot', 'create', 'home', 'one')
    await showsBeforeAndAfter([...NAMES, 'put'], 'rm', '/d/put', `/d/${NAMES[700]}`)
    const left = NAMES.filter(name => name !== NAMES[700])
    await showsBeforeAndAfter(left, 'fs', 'snapshot', 'restore', 'home', 'one', `d/${NAMES[700]}`)
    assert.deepEqual(listed(), NAMES)
  })

  test('shows what was made, renamed and removed through the mount at once', () => {
    const [first = ''] = NAMES
    fs.writeFileSync(`${cloud.mount}/d/new`, '')
    assert.deepEqual(listed(), [...NAMES, 'new'])
    fs.renameSync(`${cloud.mount}/d/new`, `${cloud.mount}/d/newer`)
    assert.deepEqual(listed(), [...NAMES, 'newer'])
    fs.unlinkSync(`${cloud.mount}/d/newer`)
    fs.unlinkSync(`${cloud.mount}/d/${first}`)
    assert.deepEqual(listed(), NAMES.slice(1))
  })
})
