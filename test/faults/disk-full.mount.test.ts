import assert from 'node:assert/strict'
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { suite, test } from 'node:test'
import { type Cloud, openCloud, until, whyNoFuse } from '../cloud.ts'
import { bytesOfWrite } from './load/step.ts'
import { openSmallDisk, type SmallDisk, whyNoSmallDisk } from './small-disk.ts'

const DISK_BYTES = 3 * 2 ** 30
const FILE_BYTES = 3 * 2 ** 20
/** More than there is room for. */
const FILES_MAX = 24
/** Files tried so far: no two have the same bytes. */
let saved = 0

suite('a full disk', { skip: whyNoFuse() || whyNoSmallDisk(), timeout: 120_000 }, () => {
  test('is told to whoever writes; reading, deleting and starting go on; room makes writes succeed again', async () => {
    await using disk = await openSmallDisk(DISK_BYTES)
    await using cloud = await openCloud({ data: `${disk.folder}/data` })
    const files = new Map<string, Buffer>()
    const { disk: space } = await statusOf(cloud)
    // What Cairn leaves free for others counts as full for it.
    await disk.fill(disk.freeBytes - space.freeBytes + 10 * FILE_BYTES)
    await cloud.stop()
    await cloud.start()
    assert.equal(fillUp(cloud, files), 'ENOSPC')
    assert.ok(files.size >= 3, `${files.size} files found room`)
    check(cloud, files)
    await makeRoom(cloud, files)
    await exhaust(disk, cloud, files)
    disk.empty()
    await until(() => save(cloud, files, 'again') === undefined, { what: `room to be seen:\n${cloud.said}` })
    check(cloud, files)
  })
})

/** What is removed and collected gives room for as much again. */
async function makeRoom(cloud: Cloud, files: Map<string, Buffer>): Promise<void> {
  for (const name of [...files.keys()].slice(0, -2)) {
    rmSync(`${cloud.mount}/${name}`)
    files.delete(name)
  }
  const isRoom = async () => {
    const { code, err } = await cloud.run('fs', 'gc')
    assert.equal(code, 0, err)
    return save(cloud, files, 'collected') === undefined
  }
  await until(isRoom, { what: `collection to make room:\n${cloud.said}` })
  for (const name of ['more', 'and-more']) assert.equal(save(cloud, files, name), undefined)
  check(cloud, files)
}

/** Not a block is left: what is there can be read and removed, and Cairn starts. */
async function exhaust(disk: SmallDisk, cloud: Cloud, files: Map<string, Buffer>): Promise<void> {
  await disk.fill(0)
  assert.equal(save(cloud, files, 'no-room'), 'ENOSPC')
  check(cloud, files)
  const [oldest = ''] = files.keys()
  rmSync(`${cloud.mount}/${oldest}`)
  files.delete(oldest)
  await cloud.killStorage()
  check(cloud, files)
  assert.equal(save(cloud, files, 'no-room'), 'ENOSPC')
  await cloud.stop()
  await cloud.start()
  check(cloud, files)
  assert.throws(() => readFileSync(`${cloud.mount}/${oldest}`), { code: 'ENOENT' })
}

/** Writes files until one is refused; answers how. */
function fillUp(cloud: Cloud, files: Map<string, Buffer>): string | undefined {
  for (let number = 0; number < FILES_MAX; number += 1) {
    const refused = save(cloud, files, `file-${number}`)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** Writes and syncs a file; answers the code of the first error, or undefined when the bytes are acknowledged. */
function save(cloud: Cloud, files: Map<string, Buffer>, name: string): string | undefined {
  saved += 1
  const bytes = bytesOfWrite({ bytes: FILE_BYTES, fill: saved * 2 + 1 })
  try {
    const fd = openSync(`${cloud.mount}/${name}`, 'w')
    try {
      for (let done = 0; done < bytes.byteLength; ) done += writeSync(fd, bytes, done)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    files.set(name, bytes)
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

function check(cloud: Cloud, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, bytes] of files) {
    assert.ok(readFileSync(`${cloud.mount}/${name}`).equals(bytes), `${name} is what was synced`)
  }
}

async function statusOf(cloud: Cloud): Promise<{ disk: { freeBytes: number } }> {
  return (await cloud.json('status')) as { disk: { freeBytes: number } }
}
