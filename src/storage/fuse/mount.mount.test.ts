import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import { suite, test } from 'node:test'
import { Mounted, sh, whyNoMounts } from './test/mounted.ts'

const skip = whyNoMounts()
const withoutPython = await noPython()
const options = { skip, timeout: 30_000 }

suite('a mounted filesystem', { skip }, () => {
  test('creates, lists and removes ten thousand files', options, async () => {
    await using mount = await Mounted.open()
    await sh('mkdir d && cd d && seq -f "file-%05.0f" 1 10000 | xargs touch', mount.target)
    const names = await fs.readdir(mount.at('d'))
    assert.equal(names.length, 10_000)
    assert.equal(new Set(names).size, 10_000)
    const kinds = await fs.readdir(mount.at('d'), { withFileTypes: true })
    assert.ok(kinds.every(entry => entry.isFile()))
    await sh('ls -l d | tail -1 | grep file-10000; rm -r d; ! test -e d', mount.target)
  })

  test('shows the attributes it was given', options, async () => {
    await using mount = await Mounted.open()
    await fs.writeFile(mount.at('f'), 'hello', { mode: 0o640 })
    await fs.chmod(mount.at('f'), 0o4755)
    await sh('touch -a -d @1.5 f; touch -m -d @-2.25 f', mount.target)
    const stats = await fs.stat(mount.at('f'), { bigint: true })
    assert.equal(stats.mode, 0o104755n)
    assert.equal(stats.size, 5n)
    assert.equal(stats.atimeNs, 1_500_000_000n)
    assert.equal(stats.mtimeNs, -2_250_000_000n)
    assert.ok(stats.birthtimeNs > 10n ** 18n)
    const space = await fs.statfs(mount.target)
    assert.equal(space.blocks, 1_000_000)
  })

  test('takes privileges away when somebody else writes', { ...options, skip: notRoot() || skip }, async () => {
    await using mount = await Mounted.open()
    await sh('echo x > f; chmod 4777 f; chmod 777 .', mount.target)
    await sh('setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo y >> f"', mount.target)
    assert.equal((await fs.stat(mount.at('f'))).mode & 0o7777, 0o777)
  })

  test('renames, links, and answers the errors of names', options, async () => {
    await using mount = await Mounted.open()
    await fs.writeFile(mount.at('a'), '1')
    await fs.writeFile(mount.at('b'), '2')
    await fs.rename(mount.at('a'), mount.at('b'))
    assert.equal(await fs.readFile(mount.at('b'), 'utf8'), '1')
    await sh('echo 3 > c; mv -n c b; test -e c; ln c e; test "$(stat -c %h c)" = 2', mount.target)
    await sh('ln -s to/where s; test "$(readlink s)" = to/where; mkfifo p; test -p p', mount.target)
    await assert.rejects(fs.mkdir(mount.at('b')), { code: 'EEXIST' })
    await assert.rejects(fs.rmdir(mount.at('b')), { code: 'ENOTDIR' })
    await assert.rejects(fs.readFile(mount.at('gone')), { code: 'ENOENT' })
    await assert.rejects(fs.writeFile(mount.at('n'.repeat(256)), ''), { code: 'ENAMETOOLONG' })
    await fs.writeFile(Buffer.concat([Buffer.from(`${mount.target}/`), Buffer.from([0xff, 0x20, 0x0a])]), 'x')
    assert.ok((await fs.readdir(mount.target, { encoding: 'buffer' })).some(name => name[0] === 0xff))
  })

  test('reads back what was written, in large pieces, in place and at the end', options, async () => {
    await using mount = await Mounted.open()
    const bytes = randomBytes(9 * 2 ** 20 + 123)
    await fs.writeFile(mount.at('big'), bytes)
    assert.ok(bytes.equals(await fs.readFile(mount.at('big'))))
    await using file = await fs.open(mount.at('big'), 'r+')
    await file.write(Buffer.from('middle'), 0, 6, 5_000_000)
    bytes.write('middle', 5_000_000)
    await file.sync()
    await sh('echo 1 > /proc/sys/vm/drop_caches || true', mount.target)
    assert.ok(bytes.equals(await fs.readFile(mount.at('big'))))
    await fs.appendFile(mount.at('big'), 'end')
    assert.equal((await fs.stat(mount.at('big'))).size, bytes.byteLength + 3)
    await file.truncate(10)
    assert.equal((await fs.readFile(mount.at('big'))).byteLength, 10)
    await file.truncate(20)
    assert.ok((await fs.readFile(mount.at('big'))).subarray(10).equals(Buffer.alloc(10)))
  })

  test('keeps an open file that has no name any more', options, async () => {
    await using mount = await Mounted.open()
    await using file = await fs.open(mount.at('gone'), 'w+')
    await file.write('still here')
    await fs.unlink(mount.at('gone'))
    assert.equal((await file.stat()).nlink, 0)
    const { buffer } = await file.read(Buffer.alloc(10), 0, 10, 0)
    assert.equal(buffer.toString(), 'still here')
  })

  test('shares memory maps, locks and nameless files', { ...options, skip: withoutPython || skip }, async () => {
    await using mount = await Mounted.open()
    await fs.writeFile(mount.at('map'), Buffer.alloc(8192, 'a'))
    const script = `
import mmap, os, fcntl
f = os.open('map', os.O_RDWR)
m = mmap.mmap(f, 8192)
m[4096:4100] = b'mmap'
m.flush()
fcntl.lockf(f, fcntl.LOCK_EX)
fcntl.flock(f, fcntl.LOCK_EX)
assert os.pread(f, 4, 4096) == b'mmap'
t = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600)
os.write(t, b'nameless')
assert os.fstat(t).st_nlink == 0 and os.pread(t, 8, 0) == b'nameless'
os.posix_fallocate(f, 0, 16384)
assert os.fstat(f).st_size == 16384
assert os.lseek(f, 0, os.SEEK_HOLE) == 16384
assert os.copy_file_range(f, t, 8192, 0, 0) == 8192
os.setxattr('map', 'user.a', b'x' * 1000)
assert os.getxattr('map', 'user.a') == b'x' * 1000
assert os.listxattr('map') == ['user.a']
try: os.setxattr('map', 'user.a', b'', os.XATTR_CREATE); assert False
except FileExistsError: pass
os.removexattr('map', 'user.a')
`
    await fs.writeFile(mount.at('script.py'), script)
    await sh('python3 script.py', mount.target)
    assert.equal((await fs.readFile(mount.at('map'))).subarray(4096, 4100).toString(), 'mmap')
  })

  test('shows a change made elsewhere although the kernel had cached it', options, async () => {
    await using mount = await Mounted.open()
    await fs.writeFile(mount.at('f'), 'mine')
    assert.equal(await fs.readFile(mount.at('f'), 'utf8'), 'mine')
    await mount.order('change', '/f', 'theirs, longer')
    assert.equal(await fs.readFile(mount.at('f'), 'utf8'), 'theirs, longer')
    await mount.order('remove', '/f')
    await until(async () => !(await fs.readdir(mount.target)).includes('f'))
  })

  test('lets go of a program that is killed while it waits', options, async () => {
    await using mount = await Mounted.open()
    await fs.writeFile(mount.at('f'), 'x')
    await mount.order('stick')
    await sh('timeout -s KILL 0.3 sync f || test $? = 137; ls', mount.target)
  })

  test('does not fail for a signal that a program lives with', {
    ...options,
    skip: withoutPython || skip,
  }, async () => {
    await using mount = await Mounted.open()
    await fs.writeFile(mount.at('f'), 'x')
    await mount.order('stick')
    const script = `
import ctypes, os, signal
f = os.open('f', os.O_RDWR)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.1)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.fsync(f) == 0, os.strerror(ctypes.get_errno())
`
    const synced = sh(`python3 -c "${script}"`, mount.target)
    await new Promise(resolve => setTimeout(resolve, 600))
    await mount.order('release')
    await synced
  })

  test('lets the kernel hold writes back when nobody else writes', options, async () => {
    await using mount = await Mounted.open({ singleMachine: true })
    await sh('for i in 1 2 3 4 5; do echo "line $i" >> log; done; test "$(wc -l < log)" = 5', mount.target)
    await sh('dd if=/dev/zero of=z bs=1000 count=3000 conv=fsync 2>&1; test "$(stat -c %s z)" = 3000000', mount.target)
  })
})

function notRoot(): string | false {
  return process.geteuid?.() === 0 ? false : 'needs root'
}

async function noPython(): Promise<string | false> {
  return await sh('command -v python3', '/').then(
    () => false as const,
    () => 'needs python3',
  )
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setImmediate(resolve))
}
