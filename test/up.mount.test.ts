import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { suite, test } from 'node:test'
import { detach } from './cloud/mounts.ts'
import { spawnUp } from './cloud/up.ts'
import { openCloud, mountsAt, until, whyNoFuse } from './cloud.ts'

const isRoot = process.geteuid?.() === 0
const NOBODY = 65_534

/** True where a program is on PATH. */
function has(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some(folder => fs.existsSync(`${folder}/${program}`))
}

suite('cairn up', { skip: whyNoFuse() }, () => {
  test('says where things are and what to try, remembers the mount, and ends with everything kept', async () => {
    await using cloud = await openCloud({ start: false })
    fs.rmdirSync(cloud.mount)
    const mount = `${cloud.home}/new/mount`
    {
      await using up = await spawnUp({ words: ['--data', cloud.data, '--mount', mount] })
      for (const line of [`  data   ${cloud.data}\n`, `  mount  ${mount}  (filesystem home)\n`, '  cairn status\n']) {
        assert.ok(up.said().includes(line), up.said())
      }
      assert.equal(fs.statSync(cloud.data).mode & 0o7777, 0o700)
      const files = fs
        .readdirSync(cloud.data, { recursive: true, encoding: 'utf8' })
        .map(name => `${cloud.data}/${name}`)
      const open = files.filter(file => fs.statSync(file).isFile() && (fs.statSync(file).mode & 0o077) !== 0)
      assert.deepEqual(open, [])
      fs.writeFileSync(`${mount}/kept`, 'kept')
    }
    assert.equal(mountsAt(mount), 0)
    await using again = await spawnUp({ words: ['--data', cloud.data, '-o', 'json'] })
    const told = {
      dataFolder: cloud.data,
      door: `${cloud.data}/cairn.sock`,
      mounts: [{ filesystem: 'home', path: mount }],
    }
    assert.partialDeepStrictEqual(JSON.parse(again.said()), told)
    assert.equal(fs.readFileSync(`${mount}/kept`, 'utf8'), 'kept')
    const down = await cloud.run('down')
    assert.equal(down.code, 0, down.err)
    assert.equal(await again.ended(), '0')
    assert.equal(mountsAt(mount), 0)
    assert.equal(fs.existsSync(`${cloud.data}/cairn.pid`), false)
  })

  test('refuses what it cannot use by name, with a remedy, and changes nothing', async () => {
    await using cloud = await openCloud()
    const other = `${cloud.home}/other`
    fs.mkdirSync(`${cloud.home}/full`)
    fs.writeFileSync(`${cloud.home}/full/file`, '')
    const cases: readonly [string, readonly string[], RegExp][] = [
      ['a second start', ['--data', cloud.data], /already runs on .* \(process [0-9]+\)/],
      [
        'a mount in use',
        ['--data', other, '--mount', cloud.mount],
        /is a mount point already \(fuse\.cairn from home\)/,
      ],
      ['a mount in a mount', ['--data', other, '--mount', `${cloud.mount}/a`], /inside .*, which Cairn itself serves/],
      ['data in a mount', ['--data', `${cloud.mount}/data`, '--no-mount'], /inside .*, which Cairn itself serves/],
      ['a full folder', ['--data', other, '--mount', `${cloud.home}/full`], /is not empty: it holds "file"/],
      ['a file', ['--data', other, '--mount', `${cloud.home}/full/file`], /is no folder/],
      ['a mount in the data', ['--data', other, '--mount', `${other}/m`], /inside the data folder/],
      ['a mount over the data', ['--data', other, '--mount', cloud.home], /would hide the data folder/],
      ['data of others', ['--data', `${cloud.home}/full`, '--no-mount'], /not empty and not a data folder/],
    ]
    const before = fs.readdirSync(cloud.home, { recursive: true })
    for (const [what, words, message] of cases) {
      await using up = await spawnUp({ words })
      assert.match(up.said(), message, what)
      assert.match(up.said(), /^error: .+\nhint: .+\n$/, what)
      assert.equal(await up.ended(), '1', what)
    }
    assert.deepEqual(fs.readdirSync(cloud.home, { recursive: true }), before)
    assert.equal((await cloud.run('status')).code, 0)
  })

  test('a chosen mount that is refused later leaves the remembered one', async () => {
    await using cloud = await openCloud()
    await cloud.stop()
    const table = fs.readFileSync(`${cloud.data}/mounts.json`, 'utf8')
    fs.writeFileSync(`${cloud.home}/file`, '')
    await using up = await spawnUp({ words: ['--data', cloud.data, '--mount', `${cloud.home}/file`] })
    assert.match(up.said(), /is no folder/)
    assert.equal(fs.readFileSync(`${cloud.data}/mounts.json`, 'utf8'), table)
    await cloud.start()
  })

  test('heals the dead mount of a killed one, and what was synced is there', async () => {
    await using cloud = await openCloud()
    const fd = fs.openSync(`${cloud.mount}/synced`, 'w')
    fs.writeSync(fd, 'synced')
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    await cloud.kill()
    assert.equal(mountsAt(cloud.mount), 1)
    const status = await cloud.run('status')
    assert.match(status.err, /^error: Cairn does not run on /)
    const doctor = await cloud.run('doctor')
    assert.match(doctor.out, new RegExp(`\nwarn {2}mounts +.*${cloud.mount} is dead.*\n +.*umount -l`))
    await cloud.start()
    assert.equal(mountsAt(cloud.mount), 1)
    assert.equal(fs.readFileSync(`${cloud.mount}/synced`, 'utf8'), 'synced')
  })

  test('names the program that uses a mount, waits for it, and goes at once when asked again', async () => {
    await using cloud = await openCloud()
    const user = spawn('sleep', ['60'], { cwd: cloud.mount, stdio: 'ignore' })
    try {
      process.kill(cloud.supervisorPid, 'SIGINT')
      const waiting = `${cloud.mount} is in use by sleep (${user.pid}): waiting`
      await until(() => cloud.said.includes(waiting), { what: `it to wait:\n${cloud.said}` })
      process.kill(cloud.supervisorPid, 'SIGINT')
      assert.equal(await cloud.ended(), '0')
      assert.match(cloud.said, /taking it away anyway/)
      assert.equal(mountsAt(cloud.mount), 0)
    } finally {
      user.kill()
      await once(user, 'exit')
    }
  })

  test('two Ctrl-C in a row, to every process of the terminal, end it cleanly', async () => {
    await using cloud = await openCloud()
    fs.writeFileSync(`${cloud.mount}/late`, 'late')
    for (let i = 0; i < 2; i++) {
      for (const pid of [cloud.supervisorPid, cloud.storagePid]) if (pid !== undefined) process.kill(pid, 'SIGINT')
    }
    assert.equal(await cloud.ended(), '0', cloud.said)
    assert.equal(mountsAt(cloud.mount), 0)
    await cloud.start()
    assert.equal(fs.readFileSync(`${cloud.mount}/late`, 'utf8'), 'late')
  })

  test('a terminal that goes away ends it cleanly', { skip: has('script') ? false : 'no script(1)' }, async () => {
    await using cloud = await openCloud({ start: false })
    const command = [process.execPath, `${import.meta.dirname}/../src/main/cairn.ts`, 'up', '--mount', cloud.mount]
    const terminal = spawn('script', ['-qc', `exec ${command.join(' ')}`, '/dev/null'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, CAIRN_DATA: cloud.data },
    })
    await until(() => fs.existsSync(`${cloud.data}/cairn.sock`), { what: 'cairn up in a terminal' })
    const [pid] = fs.readFileSync(`${cloud.data}/cairn.pid`, 'utf8').split(' ')
    terminal.kill('SIGKILL')
    await until(() => !fs.existsSync(`/proc/${pid}`), { what: 'cairn up to end with its terminal' })
    assert.equal(mountsAt(cloud.mount), 0)
    assert.equal(fs.existsSync(`${cloud.data}/cairn.pid`), false)
  })

  test('a data folder of a newer version is refused', async () => {
    await using cloud = await openCloud({ start: false })
    fs.mkdirSync(cloud.data)
    fs.writeFileSync(`${cloud.data}/version`, 'cairn-data 2\n')
    const up = await cloud.run('up', '--mount', cloud.mount)
    assert.deepEqual([up.code, fs.readdirSync(cloud.data)], [1, ['version']])
    assert.match(up.err, /^error: .* newer Cairn \(data version 2, known 1\)\nhint: Update Cairn/)
  })
})

suite('cairn up without FUSE', () => {
  const withoutDevice = [
    'unshare',
    '-m',
    'sh',
    '-ec',
    'mount -t tmpfs -o mode=755 tmpfs /dev; mknod -m 666 /dev/null c 1 3; exec "$@"',
    'sh',
  ]

  test('no device: says so, and put and get work', { skip: isRoot ? false : 'hides /dev/fuse as root' }, async () => {
    await using cloud = await openCloud({ start: false })
    const words = ['--data', cloud.data, '--mount', cloud.mount]
    await using up = await spawnUp({ words, before: withoutDevice })
    assert.match(up.said(), /\n {2}mount {2}home is not mounted: \/dev\/fuse cannot be opened \(ENOENT\)\n {9}As root/)
    assert.match(up.said(), /`cairn put`, `get`, `ls` and `rm` work without a mount/)
    await putAndGet(cloud)
  })

  test('no fusermount3: says so to an ordinary user', { skip: whyNoOtherUser() }, async () => {
    await using cloud = await openCloud({ start: false })
    if (isRoot) fs.chownSync(cloud.home, NOBODY, NOBODY)
    if (isRoot) fs.chownSync(cloud.mount, NOBODY, NOBODY)
    const words = ['--data', cloud.data, '--mount', cloud.mount]
    await using up = await spawnUp({ words, before: asUser(cloud.home), env: { PATH: '/nonexistent' } })
    assert.match(up.said(), /\n {2}mount {2}home is not mounted: fusermount3 is not installed\n {9}Install it: apt-get/)
  })
})

suite('cairn up as an ordinary user', { skip: whyNoOtherUser() || whyNoFusermount() }, () => {
  test('mounts in the home folder of the user, keeps what is written, and comes back', async () => {
    await using cloud = await openCloud({ start: false })
    if (isRoot) fs.chownSync(cloud.home, NOBODY, NOBODY)
    const user = { before: asUser(cloud.home), env: { HOME: cloud.home, XDG_DATA_HOME: '', CAIRN_DATA: '' } }
    const mount = `${cloud.home}/cairn`
    const inMount = (command: string) => execFileSync('sh', ['-ec', command], { ...userIds(), encoding: 'utf8' })
    try {
      {
        await using up = await spawnUp({ words: [], ...user })
        assert.ok(up.said().includes(`  data   ${cloud.home}/.local/share/cairn\n  mount  ${mount}  `), up.said())
        inMount(`cd ${mount}; echo hello > a; mkdir d; ln -s ../a d/l; chmod 4711 a; sync a`)
        assert.equal(inMount(`cat ${mount}/d/l; stat -c '%a %u' ${mount}/a`), `hello\n4711 ${userIds().uid}\n`)
      }
      await using _again = await spawnUp({ words: [], ...user })
      assert.equal(inMount(`cat ${mount}/d/l`), 'hello\n')
    } finally {
      detach(mount)
    }
  })
})

async function putAndGet(cloud: Awaited<ReturnType<typeof openCloud>>): Promise<void> {
  fs.writeFileSync(`${cloud.home}/file`, 'content')
  for (const words of [
    ['put', `${cloud.home}/file`, '/'],
    ['get', '/file', `${cloud.home}/back`],
  ]) {
    const { code, err } = await cloud.run(...words)
    assert.equal(code, 0, err)
  }
  assert.equal(fs.readFileSync(`${cloud.home}/back`, 'utf8'), 'content')
}

function userIds(): { readonly uid: number; readonly gid: number } {
  return isRoot ? { uid: NOBODY, gid: NOBODY } : { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
}

function asUser(home: string): readonly string[] {
  if (!isRoot) return []
  const ids = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups']
  return ['/usr/bin/env', `HOME=${home}`, '/usr/bin/setpriv', ...ids]
}

function whyNoOtherUser(): string | false {
  if (isRoot && !fs.existsSync('/usr/bin/setpriv')) return 'no setpriv(1) to become another user'
  if (isRoot && (fs.statSync('/dev/fuse', { throwIfNoEntry: false })?.mode ?? 0) % 8 < 6)
    return '/dev/fuse is closed to users'
  return false
}

function whyNoFusermount(): string | false {
  return whyNoFuse() || (has('fusermount3') ? false : 'fusermount3 is not installed')
}
