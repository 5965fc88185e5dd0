import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { suite, test } from 'node:test'
import { healDeadMount, isDeadMount } from '#storage/fuse'
import { Mounted, sh, whyNoMounts } from './test/mounted.ts'

const skip = whyNoMounts()
const options = { skip, timeout: 30_000 }

suite('a server that is killed', { skip }, () => {
  test('is followed by one that answers what it left, once', options, async () => {
    await using mount = await Mounted.open({ durable: true })
    await fs.writeFile(mount.at('f'), 'before')
    await using open = await fs.open(mount.at('f'))
    // The server dies in the middle of this request, with the folder made.
    const made = fs.mkdir(mount.at('deadly folder'))
    await mount.exited()
    const alsoWaiting = fs.readdir(mount.target)
    await mount.restart()
    await made
    assert.deepEqual((await alsoWaiting).sort(), ['deadly folder', 'f'])
    assert.equal((await open.stat()).ino, (await fs.stat(mount.at('f'))).ino)
    await fs.rm(mount.at('f'))
  })

  test('may die again and again under load without a client noticing', options, async () => {
    await using mount = await Mounted.open({ durable: true })
    const script = 'for i in $(seq 1 400); do mkdir d$i; mv d$i e$i; test -d e$i; rmdir e$i; done; echo done'
    const client = sh(script, mount.target)
    for (let round = 0; round < 3; round++) {
      await sh('for i in 1 2 3 4 5 6 7 8; do ls > /dev/null; done', mount.target)
      await mount.kill()
      await mount.restart()
    }
    assert.equal(await client, 'done\n')
    assert.deepEqual(await fs.readdir(mount.target), [])
  })

  test('may have died before it agreed with the kernel', options, async () => {
    await using mount = await Mounted.open({ resumed: true })
    await fs.writeFile(mount.at('f'), 'hello')
    assert.equal(await fs.readFile(mount.at('f'), 'utf8'), 'hello')
  })

  test('leaves a dead mount when nobody holds the descriptor, which is healed', options, async () => {
    await using mount = await Mounted.open()
    assert.equal(await isDeadMount(mount.target), false)
    assert.equal(await healDeadMount(mount.target), 0)
    mount.dropDescriptor()
    await mount.kill()
    assert.equal(await isDeadMount(mount.target), true)
    assert.equal(await healDeadMount(mount.target), 1)
    assert.deepEqual(await fs.readdir(mount.target), [])
  })
})
