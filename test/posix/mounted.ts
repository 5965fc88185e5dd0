import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A Cairn of its own that serves one folder until disposed; nothing is left behind. */
export interface MountedCairn extends AsyncDisposable {
  /** The mounted folder. */
  readonly mount: string
  /** What it said so far, for the message of a failed test. */
  said(): string
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main', 'cairn.ts')
const START_MS_MAX = 30_000
const STOP_MS_MAX = 20_000
const SAID_CHARS_MAX = 8000

/** Why nothing can be mounted here; false when it can. */
export function whyNoFuse(): string | false {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return false
  } catch (error) {
    return `FUSE is unavailable: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Starts `cairn up` on a new data folder and waits until the folder is mounted. */
export async function startCairn(): Promise<MountedCairn> {
  const home = await mkdtemp(join(tmpdir(), 'cairn-posix-'))
  // Cases act as other users, who must be able to come this far.
  await chmod(home, 0o711)
  const mount = join(home, 'mount')
  await mkdir(mount)
  const child = spawn(process.execPath, [PROGRAM, 'up', '--data', join(home, 'data'), '--mount', mount], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said = (said + String(chunk)).slice(-SAID_CHARS_MAX)
    })
  }
  const stop = async () => {
    await endChild(child)
    await detach(mount)
    await rm(home, { recursive: true, force: true })
  }
  try {
    await untilMounted(child, mount)
  } catch (error) {
    await stop()
    throw new Error(`cairn up did not mount: ${said}`, { cause: error })
  }
  return { mount, said: () => said, [Symbol.asyncDispose]: stop }
}

async function untilMounted(child: ChildProcess, mount: string): Promise<void> {
  const deadline = performance.now() + START_MS_MAX
  while (!(await isMounted(mount))) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}`)
    if (performance.now() > deadline) throw new Error('not mounted in time')
    await delay(50)
  }
}

async function isMounted(mount: string): Promise<boolean> {
  const table = await readFile('/proc/self/mountinfo', 'utf8')
  return table.split('\n').some(line => line.split(' ')[4] === mount)
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const late = AbortSignal.timeout(STOP_MS_MAX)
  const kill = () => child.kill('SIGKILL')
  late.addEventListener('abort', kill)
  await ended
  late.removeEventListener('abort', kill)
}

/** Takes away what a Cairn that did not end by itself left mounted. */
async function detach(mount: string): Promise<void> {
  if (!(await isMounted(mount))) return
  const [program, ...options] = process.geteuid?.() === 0 ? ['umount', '-l'] : ['fusermount3', '-uz']
  await promisify(execFile)(program ?? 'umount', [...options, mount])
}
