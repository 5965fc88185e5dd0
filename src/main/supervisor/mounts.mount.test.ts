import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { findMount, fuseAvailability, umount } from '#storage/fuse'
import { Mounts } from './mounts.ts'

const hurry = AbortSignal.abort()
const fuse = fuseAvailability()

// Nobody serves these mounts: they are only looked at in the table of mounts.
suite('the mounts of a supervisor', { skip: fuse.kind === 'missing' ? fuse.message : false }, () => {
  async function withMounts(
    run: (mounts: Mounts, target: string, said: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-mounts-'))
    const said: string[] = []
    const log = { info: () => undefined, warn: (message: string) => void said.push(message) }
    const mounts = new Mounts(`${root}/data`, { ...machineWorld, log })
    try {
      await run(mounts, (await mounts.mount({ filesystem: 'home', path: `${root}/mount` })).path, said)
    } finally {
      await umount(`${root}/mount`, 'lazy') // asking first would wait for an answer
      await mounts.unmountAll(hurry)
      fs.rmSync(root, { recursive: true })
    }
  }

  test('are one for each filesystem, also when two are asked for at once', () =>
    withMounts(async (mounts, target) => {
      const again = { filesystem: 'home', path: `${target}-2` }
      await assert.rejects(mounts.mount(again), error => {
        assert.ok(isFault(error, 'Occupied') && error.message === `home is mounted at ${target} already`)
        assert.match(error.hint ?? '', /cairn fs umount .*mount --bind /)
        return true
      })
      const paths = ['a', 'b'].map(name => `${target}-${name}`)
      const both = await Promise.allSettled(paths.map(path => mounts.mount({ filesystem: 'photos', path })))
      assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
      const there = paths.filter(path => findMount(path) !== undefined)
      assert.equal(there.length, 1)
      await mounts.dropAll()
      await mounts.mount(again)
      await mounts.dropAll()
    }))

  test('stay where they are when they cannot be moved', () =>
    withMounts(async (mounts, target) => {
      const photos = await mounts.mount({ filesystem: 'photos', path: `${target}-a` })
      fs.mkdirSync(`${target}-full/x`, { recursive: true })
      const moved = mounts.move({ filesystem: 'photos', path: `${target}-full` })
      await assert.rejects(moved, error => isFault(error, 'NotEmpty'))
      assert.notEqual(findMount(photos.path), undefined)
      await mounts.dropAll()
    }))

  test('outlive a storage process where the kernel sends requests again', () =>
    withMounts(async (mounts, target, said) => {
      const [first] = mounts.handOut()
      mounts.agreed(target, { version: 1, minor: 45, flags: 0, flags2: 1 << 7 })
      await mounts.renew()
      const [next] = mounts.handOut()
      assert.deepEqual([first?.resumed, next?.resumed, next?.fd], [false, true, first?.fd])
      assert.deepEqual(said, [])
    }))

  test('are made anew where it does not', () =>
    withMounts(async (mounts, target, said) => {
      mounts.handOut()
      mounts.agreed(target, { version: 1, minor: 37, flags: 0, flags2: 0 })
      await mounts.renew()
      const [next] = mounts.handOut()
      assert.deepEqual([next?.resumed, next?.negotiated, next?.path], [false, undefined, target])
      assert.deepEqual(said, [`${target} is mounted anew: this kernel cannot hand it to another process`])
      assert.equal(findMount(target)?.source, 'home')
    }))
})
