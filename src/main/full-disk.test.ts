import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { isFault, type World } from '#base'
import { machineWorld } from '#host'
import { despiteFullDisk, keepReserve } from './full-disk.ts'
import { RESERVE_BYTES } from './limits.ts'

const world: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-full-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

const reserve = () => `${folder}/reserve`
const full = () => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 })
/** Needs the room the reserve takes. */
const step = () => {
  if (fs.existsSync(reserve())) throw full()
  return 'done'
}

suite('a start on a full disk', () => {
  test('gives up the reserve and succeeds', async () => {
    keepReserve(folder, world)
    assert.equal(fs.statSync(reserve()).size, RESERVE_BYTES)
    assert.equal(await despiteFullDisk(folder, world, step), 'done')
    assert.ok(!fs.existsSync(reserve()))
  })
  test('is refused by name when there is no reserve, or it is not enough', async () => {
    const never = () => Promise.reject(full())
    const isNoSpace = (error: unknown) => isFault(error, 'NoSpace')
    await assert.rejects(despiteFullDisk(folder, world, never), isNoSpace)
    keepReserve(folder, world)
    await assert.rejects(despiteFullDisk(folder, world, never), isNoSpace)
  })
  test('gives nothing up for another failure', async () => {
    keepReserve(folder, world)
    const broken = () => Promise.reject(new Error('something else'))
    await assert.rejects(despiteFullDisk(folder, world, broken), /something else/)
    assert.ok(fs.existsSync(reserve()))
  })
})
