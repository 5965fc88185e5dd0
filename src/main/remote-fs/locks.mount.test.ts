import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { machineWorld } from '#host'
import { ROOT_INO, type Vfs } from '#storage/fs'
import { fuseAvailability, mountFuse, openFuseSession, unmount } from '#storage/fuse'
import { make, ok, put, testCloud } from './testing/cloud.ts'

interface Mounted extends AsyncDisposable {
  readonly target: string
  told(): Promise<void> | undefined
}

/** Mounts a filesystem for as long as it is not disposed. Nothing here may touch it: this process serves it. */
async function mounted(vfs: Vfs): Promise<Mounted> {
  const target = mkdtempSync(path.join(tmpdir(), 'cairn-locks-'))
  const { fd } = await mountFuse({ target, source: 'cairn-test' })
  const session = await openFuseSession({ fd, vfs, log: { info: () => undefined, warn: machineWorld.log.warn } })
  return {
    target,
    told: () => session.told(),
    [Symbol.asyncDispose]: async () => {
      await unmount(target)
      await session.ended
      rmdirSync(target)
    },
  }
}

/** A Python program with two mounts in `here` and `there`; answers what it prints. */
async function python(source: string, ...args: readonly string[]): Promise<string[]> {
  const child = spawn('python3', ['-c', PRELUDE + source, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed = await text(child.stdout)
  return printed.trim().split('\n')
}

const PRELUDE = `
import fcntl, os, signal, struct, sys, time, threading
here, there = sys.argv[1] + '/x', sys.argv[2] + '/x'
def taken(call):
    try:
        call()
        return True
    except OSError as error:
        return os.strerror(error.errno)
def elsewhere(what):
    pid = os.fork()
    if pid == 0:
        try: what()
        finally: os._exit(0)
    return pid
def say(*words): print(*words, flush=True)
NB = fcntl.LOCK_NB
`

const LOCKS = `
a, b = os.open(here, os.O_RDWR | os.O_CREAT), os.open(there, os.O_RDWR)
fcntl.lockf(a, fcntl.LOCK_EX, 10, 0)
# Of the same process, yet by way of another machine: another owner.
say('range', taken(lambda: fcntl.lockf(b, fcntl.LOCK_EX | NB, 10, 5)), taken(lambda: fcntl.lockf(b, fcntl.LOCK_EX | NB, 10, 10)))
asked = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)
kind, _, start, length, _ = struct.unpack('hhqqi4x', fcntl.fcntl(b, fcntl.F_GETLK, asked))
say('getlk', kind == fcntl.F_WRLCK, start, length)
# Closing any descriptor of the file gives the ranges of the process up.
os.close(os.open(here, os.O_RDONLY))
say('closed', taken(lambda: fcntl.lockf(b, fcntl.LOCK_EX | NB)))
fcntl.lockf(b, fcntl.LOCK_UN)
fcntl.flock(a, fcntl.LOCK_SH)
say('flock', taken(lambda: fcntl.flock(b, fcntl.LOCK_SH | NB)), taken(lambda: fcntl.flock(b, fcntl.LOCK_EX | NB)))
fcntl.flock(b, fcntl.LOCK_UN)
OFD_SETLK, OFD_SETLKW = 37, 38
write = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)
c = os.open(here, os.O_RDWR)
fcntl.fcntl(c, OFD_SETLK, write)
say('ofd', taken(lambda: fcntl.fcntl(a, OFD_SETLK, write)), taken(lambda: fcntl.lockf(b, fcntl.LOCK_EX | NB)))
os.close(c)
for _ in range(100):
    if taken(lambda: fcntl.lockf(b, fcntl.LOCK_EX | NB)) is True: break
    time.sleep(0.02)
else: say('the lock of an open that is closed stays')
say('after')
`

const WAITS = `
a, b = os.open(here, os.O_RDWR | os.O_CREAT), os.open(there, os.O_RDWR)
fcntl.flock(a, fcntl.LOCK_EX)
fcntl.lockf(a, fcntl.LOCK_EX)
class Late(Exception): pass
def late(*_): raise Late()
signal.signal(signal.SIGALRM, late)
for name, call in (('flock', fcntl.flock), ('lockf', fcntl.lockf)):
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    began = time.monotonic()
    try:
        call(b, fcntl.LOCK_EX)
        say(name, 'was had')
    except Late: say(name, 'interrupted', time.monotonic() - began < 2)
# A process that waits can be killed, and one that is killed gives its locks up.
waiting = elsewhere(lambda: fcntl.flock(b, fcntl.LOCK_EX))
time.sleep(0.2)
os.kill(waiting, signal.SIGKILL)
say('killed', os.waitpid(waiting, 0)[1] == signal.SIGKILL)
def hold():
    c = os.open(there, os.O_RDWR)
    fcntl.lockf(c, fcntl.LOCK_EX)
    os.write(c, b'held')
    time.sleep(60)
fcntl.flock(a, fcntl.LOCK_UN); fcntl.lockf(a, fcntl.LOCK_UN)
holder = elsewhere(hold)
while os.stat(there).st_size == 0: time.sleep(0.02)
say('held', taken(lambda: fcntl.lockf(a, fcntl.LOCK_EX | NB)))
threading.Timer(0.1, lambda: os.kill(holder, signal.SIGKILL)).start()
fcntl.lockf(a, fcntl.LOCK_EX)
say('died', os.read(a, 4))
`

const COUNTER = `
first = sys.argv[3] == '1'
mine = (sys.argv[1] if first else sys.argv[2]) + '/y'
for _ in range(100):
    with open(mine, 'r+') as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        count = int(file.read() or '0')
        file.seek(0)
        file.write(str(count + 1).zfill(8))
        file.flush()
        fcntl.lockf(file, fcntl.LOCK_UN)
say(open(mine).read())
`

const ROOT = { uid: 0, gid: 0, umask: 0 }
const missing = fuseAvailability()
const skip = missing.kind === 'missing' ? missing.message : false

test('locks that programs take on one machine hold on the other', { skip, timeout: 60_000 }, async () => {
  await using cloud = await testCloud(64 * 1024)
  const a = await cloud.machine('a')
  // Whoever runs this may make files there.
  await ok(cloud.home.vfs.setAttributes(ROOT_INO, { mode: 0o777 }, ROOT))
  await using here = await mounted(cloud.home.vfs)
  await using there = await mounted(a.vfs)
  cloud.isMounted = true
  cloud.kernelsTold = async () => {
    await Promise.all([here.told(), there.told()])
  }
  const busy = 'Resource temporarily unavailable'
  assert.deepEqual(await python(LOCKS, here.target, there.target), [
    `range ${busy} True`,
    'getlk True 0 10',
    'closed True',
    `flock True ${busy}`,
    `ofd ${busy} ${busy}`,
    'after',
  ])
  assert.deepEqual(await python(WAITS, here.target, there.target), [
    'flock interrupted True',
    'lockf interrupted True',
    'killed True',
    `held ${busy}`,
    "died b'held'",
  ])
  const { ino } = await make(cloud.home.vfs, 'y')
  await ok(cloud.home.vfs.setAttributes(ino, { mode: 0o666 }, ROOT))
  await put(cloud.home.vfs, ino, '0'.repeat(8))
  const counted = await Promise.all(['1', '2'].map(side => python(COUNTER, here.target, there.target, side)))
  assert.ok(
    counted.flat().some(line => Number(line) === 200),
    counted.join(),
  )
})
