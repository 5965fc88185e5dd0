import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { PROGRAM } from './cloud/cli.ts'
import { makeOddTree, pictureOf } from './cloud/odd-tree.ts'
import { type Cloud, openCloud, until, whyNoFuse } from './cloud.ts'

const MIB = 2 ** 20

interface Transferred {
  readonly files: number
  readonly skipped: number
  readonly bytes: number
}

suite('cairn put and get', { skip: whyNoFuse() }, () => {
  let cloud: Cloud
  before(async () => {
    cloud = await openCloud()
  })
  after(() => cloud[Symbol.asyncDispose]())

  const transfer = async (...words: string[]) => (await cloud.json(...words)) as Transferred
  const folder = (name: string) => {
    fs.mkdirSync(`${cloud.home}/${name}`)
    return `${cloud.home}/${name}`
  }

  test('a tree with odd names, modes, times, links and holes comes out as it went in', async () => {
    const source = folder('odd')
    makeOddTree(source)
    const wanted = pictureOf(source)
    const put = await cloud.run('put', source, '/')
    assert.equal(put.code, 0, put.err)
    assert.match(put.out, /^Put [0-9]+ files \([0-9.]+ MiB\); verified and durable\n$/)
    assert.match(put.err, /^note: .*\/odd\/socket: sockets and devices are left out\n$/)
    assert.deepEqual(pictureOf(`${cloud.mount}/odd`), wanted)
    const got = await cloud.run('get', '/odd', `${cloud.home}/odd-back`)
    assert.equal(got.code, 0, got.err)
    // Only root may make programs that run as somebody else.
    const isRoot = process.geteuid?.() === 0
    const gettable = wanted.map(each =>
      isRoot || each.kind === 'symlink' ? each : { ...each, mode: each.mode & 0o1777 },
    )
    assert.deepEqual(pictureOf(`${cloud.home}/odd-back`), gettable)
    assert.equal(got.err, '')
  })

  test('a hole takes no space in Cairn', () => {
    assert.ok(fs.statSync(`${cloud.mount}/odd/sparse`).blocks * 512 < MIB)
  })

  test('a second put and get transfer nothing, a changed file goes alone', async () => {
    const source = `${cloud.home}/odd`
    const again = await transfer('put', source, '/')
    assert.deepEqual([again.files, again.bytes], [0, 0])
    const compared = await transfer('put', '--compare', source, '/')
    assert.deepEqual([compared.files, compared.skipped], [0, again.skipped])
    assert.equal((await transfer('get', '/odd', `${cloud.home}/odd-back`)).bytes, 0)
    fs.appendFileSync(`${source}/-rf`, 'more')
    const changed = await transfer('put', source, '/')
    assert.deepEqual([changed.files, changed.bytes], [1, fs.statSync(`${source}/-rf`).size])
    const mtime = fs.statSync(`${source}/-rf`).mtime
    fs.writeFileSync(`${source}/-rf`, fs.readFileSync(`${source}/-rf`, 'utf8').toUpperCase())
    fs.utimesSync(`${source}/-rf`, mtime, mtime)
    fs.utimesSync(`${cloud.mount}/odd/-rf`, mtime, mtime)
    assert.equal((await transfer('put', '--compare', source, '/')).files, 1)
  })

  test('ls shows what is there without letting a name act on the terminal', async () => {
    const short = await cloud.run('ls', '/odd')
    assert.ok(short.out.includes('\na?b\n') && short.out.includes('\ndeep/\n'), short.out)
    const long = await cloud.run('ls', '-l', '/odd')
    assert.match(long.out, /^MODE +LINKS +UID +GID +SIZE +CHANGED \(UTC\) +NAME\n/)
    assert.match(long.out, /\nl[rwx-]{9} .* link -> nowhere\/at all\n/)
    const rows = (await cloud.json('ls', '/odd')) as { name: string; mode: number; mtimeNs: string }[]
    assert.ok(rows.some(row => row.name === 'a\nb'))
    assert.equal(rows.find(row => row.name === 'setuid')?.mode, 0o4755)
  })

  test('rm takes files, and trees only when told', async () => {
    const refused = await cloud.run('rm', '/odd')
    assert.deepEqual(
      [refused.code, refused.err],
      [1, 'error: /odd is a directory\nhint: Add -r to remove it with all below.\n'],
    )
    assert.equal((await cloud.run('rm', '/odd/-rf', '/odd/a\nb')).out, 'Removed 2 names\n')
    assert.equal((await cloud.run('rm', '-r', '/odd')).code, 0)
    assert.deepEqual(fs.readdirSync(cloud.mount), [])
  })

  test('several sources and a slash at the end go into a directory, one source takes the new name', async () => {
    const source = folder('names')
    for (const name of ['a', 'b']) fs.writeFileSync(`${source}/${name}`, name)
    await transfer('put', `${source}/a`, `${source}/b`, '/into')
    await transfer('put', `${source}/a`, '/into/c')
    await transfer('put', `${source}/a`, '/slash/')
    await transfer('put', `${source}/b`, '/slash')
    assert.deepEqual(fs.readdirSync(`${cloud.mount}/into`).sort(), ['a', 'b', 'c'])
    assert.deepEqual(fs.readdirSync(`${cloud.mount}/slash`).sort(), ['a', 'b'])
    await transfer('get', '/into/a', '/into/c', folder('got'))
    await transfer('get', '/slash/b', `${cloud.home}/got/new`)
    assert.deepEqual(fs.readdirSync(`${cloud.home}/got`).sort(), ['a', 'c', 'new'])
  })

  test('one bad file of many is named, the others go', async () => {
    const source = folder('partly')
    for (const name of ['a', 'b', 'c']) fs.writeFileSync(`${source}/${name}`, name)
    fs.mkdirSync(`${cloud.mount}/partly/b`, { recursive: true })
    const put = await cloud.run('put', source, '/')
    assert.equal(put.code, 1)
    assert.match(
      put.err,
      /^error: 1 file could not be transferred:\n {2}.*\/partly\/b: \/partly\/b is a directory\nhint: .+\n$/,
    )
    assert.deepEqual(fs.readdirSync(`${cloud.mount}/partly`).sort(), ['a', 'b', 'c'])
  })

  test('a put that was killed in the middle goes on where it stopped', async () => {
    const source = folder('large')
    const content = Buffer.alloc(96 * MIB, 'Every byte is in a chunk, and every chunk has a name. ')
    fs.writeFileSync(`${source}/f`, content)
    const partial = () => fs.readdirSync(cloud.mount).filter(name => name.startsWith('.cairn-put-'))
    const child = spawn(process.execPath, [PROGRAM, '--data', cloud.data, 'put', `${source}/f`, '/'], {
      stdio: 'ignore',
    })
    const sizeOf = (name: string) => fs.statSync(`${cloud.mount}/${name}`, { throwIfNoEntry: false })?.size ?? 0
    await until(() => partial().some(name => sizeOf(name) > 8 * MIB), { what: 'the first bytes of a put' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(fs.existsSync(`${cloud.mount}/f`), false)
    assert.equal((await cloud.run('ls', '/')).out.includes('.cairn-put-'), false)
    const rest = await transfer('put', `${source}/f`, '/')
    assert.ok(rest.bytes > 0 && rest.bytes <= 88 * MIB, `${rest.bytes} bytes were sent again`)
    assert.ok(fs.readFileSync(`${cloud.mount}/f`).equals(content))
    assert.deepEqual(partial(), [])
  })

  test('a get that was interrupted says so and goes on where it stopped', async () => {
    const target = folder('back')
    const child = spawn(process.execPath, [PROGRAM, '--data', cloud.data, 'get', '/f', `${target}/f`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const said = child.stderr.setEncoding('utf8').toArray()
    await until(() => fs.readdirSync(target).some(name => fs.statSync(`${target}/${name}`).size > 8 * MIB), {
      what: 'the first bytes of a get',
    })
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    assert.deepEqual(
      [code, (await said).join('')],
      [130, 'interrupted\nhint: Run the same command again: it goes on where it stopped.\n'],
    )
    assert.equal(fs.existsSync(`${target}/f`), false)
    const rest = await transfer('get', '/f', `${target}/f`)
    assert.ok(rest.bytes > 0 && rest.bytes <= 88 * MIB, `${rest.bytes} bytes were sent again`)
    assert.ok(fs.readFileSync(`${target}/f`).equals(fs.readFileSync(`${cloud.home}/large/f`)))
    assert.deepEqual(fs.readdirSync(target), ['f'])
  })

  test('the death of the storage process in the middle costs a put nothing but time', async () => {
    const source = folder('many')
    for (let i = 0; i < 400; i++) fs.writeFileSync(`${source}/${i}`, `${i}`.repeat(i * 20))
    fs.copyFileSync(`${cloud.home}/large/f`, `${source}/large`)
    const put = cloud.run('put', source, '/')
    await until(() => fs.existsSync(`${cloud.mount}/many/1`), { what: 'the first files of a put' })
    await cloud.killStorage()
    const { code, err } = await put
    assert.equal(code, 0, err)
    assert.deepEqual(pictureOf(`${cloud.mount}/many`), pictureOf(source))
    const doctor = await cloud.run('doctor')
    assert.match(doctor.out, /\nwarn {2}storage process +died once since the start, last by signal SIGKILL\n {6}.*\S/)
    assert.equal(doctor.code, 0, doctor.err)
  })
})

suite('the cairn command', { skip: whyNoFuse() }, () => {
  let cloud: Cloud
  before(async () => {
    cloud = await openCloud()
    fs.writeFileSync(`${cloud.home}/file`, 'content')
  })
  after(() => cloud[Symbol.asyncDispose]())

  test('answers programs in JSON, whatever it is asked', async () => {
    const status = (await cloud.json('status')) as { running: boolean; mounts: { path: string }[] }
    assert.deepEqual([status.running, status.mounts[0]?.path], [true, cloud.mount])
    const commands: readonly (readonly string[])[] = [
      ['version'],
      ['doctor'],
      ['fs', 'create', 'photos'],
      ['fs', 'ls'],
      ['fs', 'mount', 'photos', `${cloud.home}/photos`],
      ['put', `${cloud.home}/file`, 'photos:/'],
      ['ls', 'photos:/'],
      ['fs', 'stat', 'photos:/file'],
      ['fs', 'snapshot', 'create', 'photos', 'first'],
      ['fs', 'snapshot', 'ls', 'photos'],
      ['fs', 'snapshot', 'diff', 'photos', 'first'],
      ['fs', 'snapshot', 'rm', 'photos', 'first'],
      ['get', 'photos:/file', `${cloud.home}/back`],
      ['rm', 'photos:/file'],
      ['fs', 'umount', `${cloud.home}/photos`],
      ['fs', 'scrub', '--rate', '1000'],
      ['fs', 'gc'],
    ]
    for (const words of commands) {
      const { code, out, err } = await cloud.run('-o', 'json', ...words)
      assert.deepEqual([code, err], [0, ''], words.join(' '))
      assert.doesNotThrow(() => JSON.parse(out), `${words.join(' ')}: ${out}`)
    }
  })

  test('tells people what they want to know', async () => {
    const status = await cloud.run('status')
    assert.match(
      status.out,
      /^cairn .* runs \(process [0-9]+\), up for .*\ndata {3}.*\napi {4}none\nused {3}.*: [0-9]+ chunks?, and .* of metadata\nfree {3}/,
    )
    assert.match(status.out, new RegExp(`\nhome +[0-9.]+ ([KM]i)?B +[0-9]+ +[0-9]+ +[0-9.]+ [KM]iB +${cloud.mount}\n`))
    const doctor = await cloud.run('doctor')
    assert.deepEqual(
      doctor.out.split('\n').filter(line => line.startsWith('fail')),
      [],
    )
    assert.match(doctor.out, /\nok {4}local door +cairn .* answers\n/)
    fs.chmodSync(cloud.data, 0o755)
    const open = await cloud.run('doctor')
    assert.deepEqual([open.code, open.err.split('\n')[0]], [1, 'error: 1 check failed: data folder'])
    assert.match(open.out, /\nfail {2}data folder +.* has mode 755: others can get in\n +chmod 700 /)
    fs.chmodSync(cloud.data, 0o700)
    assert.match((await cloud.run('version')).out, /^cairn (.*)\nrunning: cairn \1\n$/)
  })

  test('mounts a second filesystem at a new folder while the first is in use', async () => {
    const target = `${cloud.home}/second`
    const held = fs.openSync(`${cloud.mount}/held`, 'w')
    fs.writeSync(held, 'before')
    const made = await cloud.run('fs', 'create', 'second')
    assert.equal(made.out, 'Made filesystem second\n', made.err)
    const mounted = await cloud.run('fs', 'mount', 'second', target)
    assert.equal(mounted.out, `Mounted second at ${target}\n`, mounted.err)
    fs.writeFileSync(`${target}/file`, 'other')
    fs.writeSync(held, ' and after')
    fs.closeSync(held)
    assert.equal(fs.readFileSync(`${cloud.mount}/held`, 'utf8'), 'before and after')
    const busy = fs.openSync(`${target}/file`, 'r')
    const refused = await cloud.run('fs', 'umount', target)
    assert.deepEqual(refused.code, 1)
    assert.match(refused.err, new RegExp(`^error: ${target} is in use by .* \\(${process.pid}\\)\nhint: .+\n$`))
    fs.closeSync(busy)
    const bound = `${cloud.home}/bound`
    fs.mkdirSync(bound)
    spawnSync('mount', ['--bind', target, bound]) // only root may
    const words = [PROGRAM, '--data', cloud.data, 'fs', 'umount', '.']
    const inside = spawnSync(process.execPath, words, { cwd: target, encoding: 'utf8' })
    assert.deepEqual([inside.status, inside.stdout], [0, `Unmounted ${target}\n`], inside.stderr)
    assert.deepEqual([fs.readdirSync(target), fs.readdirSync(bound)], [[], []])
  })

  test('Cairn is not put into itself', async () => {
    fs.mkdirSync(`${cloud.home}/around`)
    fs.writeFileSync(`${cloud.mount}/inside`, '')
    for (const [source, what] of [
      [cloud.mount, 'a mount of Cairn'],
      [`${cloud.mount}/inside`, 'a mount of Cairn'],
      [`${cloud.data}/chunks`, 'the data folder of Cairn'],
    ] as const) {
      const refused = await cloud.run('put', source, '/twice')
      assert.equal(refused.code, 1)
      assert.match(refused.err, new RegExp(`^error: ${source} is in ${what}\nhint: .+\n$`))
    }
    for (const destination of [`${cloud.mount}/new`, `${cloud.data}/new`]) {
      const refused = await cloud.run('get', '/', destination)
      assert.equal(refused.code, 1)
      assert.match(refused.err, new RegExp(`^error: ${destination} is in .* of Cairn\nhint: .+\n$`))
    }
    const put = await cloud.run('put', cloud.home, '/home')
    assert.equal(put.code, 0, put.err)
    assert.equal(
      put.err,
      `note: ${cloud.data}: the data folder of Cairn is left out\nnote: ${cloud.mount}: a mount of Cairn is left out\n`,
    )
    assert.deepEqual(
      fs.readdirSync(`${cloud.mount}/home`).sort(),
      fs
        .readdirSync(cloud.home)
        .filter(name => name !== 'data' && name !== 'mount')
        .sort(),
    )
  })

  test('two puts of one tree at a time both do it', async () => {
    const source = `${cloud.home}/tree`
    fs.mkdirSync(source)
    for (let i = 0; i < 300; i++) fs.writeFileSync(`${source}/${i}`, `${i}`.repeat(i * 30))
    for (let i = 0; i < 20; i++) {
      fs.linkSync(`${source}/${i}`, `${source}/link-${i}`)
      fs.symlinkSync(`${i}`, `${source}/symlink-${i}`)
    }
    const puts = await Promise.all([cloud.run('put', source, '/tree'), cloud.run('put', source, '/tree')])
    assert.deepEqual(
      puts.map(({ code, err }) => [code, err]),
      [
        [0, ''],
        [0, ''],
      ],
    )
    assert.deepEqual(pictureOf(`${cloud.mount}/tree`), pictureOf(source))
  })

  const mistakes: readonly [readonly string[], RegExp][] = [
    [['fs', 'create', 'Photos'], /name: "Photos" cannot name a filesystem/],
    [['fs', 'create', 'x'.repeat(64)], /name: "x+" cannot name a filesystem\nhint: .* at most 63/],
    [['ls', `${'x'.repeat(64)}:/`], /there is no filesystem x+\n/],
    [['fs', 'create', 'home'], /there is a filesystem home already\nhint: .* choose another name/],
    [['fs', 'mount', 'none', '/mnt/none'], /there is no filesystem none/],
    [
      ['fs', 'mount', 'home', '/mnt/second'],
      /home is mounted at \/.* already\nhint: .*mount --bind \/.* \/mnt\/second/,
    ],
    [['fs', 'mount', 'second', '/proc/none/below'], /the mount point \/proc\/none\/below cannot be made: ENOENT/],
    [['fs', 'umount', '/mnt'], /\/mnt is no mount of this Cairn/],
    [['put', '/etc/hostname', 'none:/'], /there is no filesystem none/],
    [['put', '/etc/hostname', '/a/b/c'], /\/a\/b\/c: the directory a on the way is not there/],
    [['get', '/none', '/tmp/none'], /\/none is not there/],
    [['ls', '/none'], /\/none is not there/],
    [['rm', '/none'], /\/none is not there/],
    [['rm', '-r', '/'], /root of a filesystem/],
  ]
  for (const [words, message] of mistakes) {
    test(`refuses cairn ${words.join(' ')} with a remedy`, async () => {
      const { code, out, err } = await cloud.run(...words)
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, message)
      assert.match(err, /^error: [^]+\nhint: .+\n$/)
    })
  }
})
