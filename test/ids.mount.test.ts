import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { suite, test } from 'node:test'
import { openCloud, whyNoFuse } from './cloud.ts'

const skip = process.getuid?.() === 0 ? whyNoFuse() : 'only root can be other users'

suite('users and groups of a machine', { skip }, () => {
  test('are who they are said to be in the filesystem, at once and after a restart', async () => {
    await using cloud = await openCloud()
    const run = async (...words: string[]) => {
      const { code, out, err } = await cloud.run('fs', 'ids', ...words)
      assert.equal(code, 0, err)
      return out
    }
    const owner = (name: string) => {
      const { uid, gid } = fs.statSync(`${cloud.mount}/${name}`)
      return [uid, gid]
    }
    const as = (id: number, script: string) => {
      const user = ['--reuid', `${id}`, '--regid', `${id}`, '--clear-groups']
      return execFileSync('setpriv', [...user, 'sh', '-c', script], { cwd: cloud.mount, stdio: 'pipe' })
    }
    fs.chmodSync(cloud.mount, 0o777)
    as(7001, 'echo before > before; chmod 600 before')
    const told = await run('--user', '7001=7501', '--group', '7001=7601')
    assert.match(told, /^home:\n {2}user 7001 here is user 7501 there\n {2}group 7001 here is group 7601 there\n/)
    assert.deepEqual(owner('before'), [65_534, 65_534], 'it belongs to a 7001 who is another one there')
    assert.throws(() => as(7001, 'cat before'), /Permission denied/)
    as(7001, 'echo mine > mine; chmod 600 mine; cat mine')
    assert.deepEqual(owner('mine'), [7001, 7001])
    assert.throws(() => as(7501, 'cat mine'), /Permission denied/)
    assert.throws(() => fs.chownSync(`${cloud.mount}/mine`, 7501, 0), { code: 'EOVERFLOW' })
    await cloud.stop()
    await cloud.start()
    assert.deepEqual(owner('mine'), [7001, 7001])
    assert.match(await run('--clear'), /^home: users and groups have the same ids here and there\n/)
    assert.deepEqual(owner('mine'), [7501, 7601])
    assert.deepEqual(owner('before'), [7001, 7001])
  })

  test('have one id on each side, and root is never somebody else', async () => {
    await using cloud = await openCloud()
    const refused = async (...words: string[]) => {
      const { code, err } = await cloud.run('fs', 'ids', ...words)
      assert.notEqual(code, 0)
      return err
    }
    assert.match(await refused('--user', '0=1000'), /users: 0 cannot be mapped/)
    assert.match(await refused('--user', '7=8', '--user', '9=8'), /users: 8 is named twice/)
    assert.match(await refused('--group', 'staff=8'), /HERE=THERE/)
    const { out } = await cloud.run('fs', 'ids', '-o', 'json')
    assert.deepEqual(JSON.parse(out), { filesystem: 'home', users: [], groups: [] })
  })
})
