import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { suite, test } from 'node:test'
import { openCloud, until, whyNoFuse } from './cloud.ts'

suite('snapshots through the mount and the command line', { skip: whyNoFuse() }, () => {
  test('are made, read, compared, restored and removed, also across a kill of the storage process', async () => {
    await using cloud = await openCloud()
    const { mount } = cloud
    const run = async (...words: string[]): Promise<string> => {
      const result = await cloud.run(...words)
      assert.equal(result.code, 0, result.err)
      return result.out
    }
    const fails = async (pattern: RegExp, ...words: string[]): Promise<void> => {
      const result = await cloud.run(...words)
      assert.notEqual(result.code, 0)
      assert.match(result.err, pattern)
    }
    const kept = `${mount}/.snapshots/kept`
    fs.cpSync(`${import.meta.dirname}/../src/storage/fs`, `${mount}/docs/fs`, { recursive: true })
    fs.writeFileSync(`${mount}/docs/secret`, 'secret', { mode: 0o600 })
    fs.symlinkSync('secret', `${mount}/docs/link`)
    fs.cpSync(`${mount}/docs`, `${cloud.home}/reference`, { recursive: true, verbatimSymlinks: true })

    assert.match(await run('fs', 'snapshot', 'create', 'home', 'kept'), /^Made snapshot kept of home \(bafyrei/)
    fs.writeFileSync(`${mount}/docs/secret`, 'changed')
    fs.rmSync(`${mount}/docs/fs/home`, { recursive: true })
    fs.writeFileSync(`${mount}/new`, '')
    execFileSync('diff', ['-r', '--no-dereference', `${cloud.home}/reference`, `${kept}/docs`])
    assert.deepEqual(fs.readdirSync(mount).sort(), ['docs', 'new'])
    assert.deepEqual(fs.readdirSync(`${mount}/.snapshots`), ['kept'])
    assert.equal(fs.statSync(`${kept}/docs/secret`).mode & 0o777, 0o600)
    for (const change of [
      () => fs.writeFileSync(`${kept}/docs/secret`, 'x'),
      () => fs.unlinkSync(`${kept}/docs/link`),
      () => fs.mkdirSync(`${mount}/.snapshots/other`),
      () => fs.renameSync(`${mount}/docs`, `${mount}/.snapshots`),
    ]) {
      // The kernel asks the modes first, except for root.
      assert.throws(change, { code: process.geteuid?.() === 0 ? 'EROFS' : /^(EROFS|EACCES)$/ })
    }

    const lines = (await run('fs', 'snapshot', 'diff', 'home', 'kept')).trimEnd().split('\n')
    for (const line of ['added     /new', 'content   /docs/secret', 'removed   /docs/fs/home/home.ts']) {
      assert.ok(lines.includes(line), line)
    }
    assert.match(await run('fs', 'stat', '/docs/fs/index.ts'), /\ncontent +sealed\ncid +bafkrei/)

    process.kill(cloud.storagePid ?? 0, 'SIGKILL')
    await until(() => fs.existsSync(`${mount}/docs`), { what: 'the storage process to be back' })
    assert.equal(fs.readFileSync(`${kept}/docs/secret`, 'utf8'), 'secret')
    assert.match(await run('fs', 'snapshot', 'restore', 'home', 'kept', 'docs'), /^Restored [0-9]+ names\n$/)
    execFileSync('diff', ['-r', '--no-dereference', `${cloud.home}/reference`, `${mount}/docs`])
    assert.deepEqual(fs.readdirSync(mount).sort(), ['docs', 'new'])

    assert.match(await run('fs', 'snapshot', 'ls'), /^SNAPSHOT .*\nkept +20/)
    await run('fs', 'snapshot', 'rm', 'home', 'kept')
    assert.deepEqual(fs.readdirSync(`${mount}/.snapshots`), [])
    await fails(/there is no snapshot "kept"/, 'fs', 'snapshot', 'restore', 'home', 'kept', 'docs')
  })
})
