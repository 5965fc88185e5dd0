import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ENCLAVE_ADDRESS, openEnclave, whyNoEnclave } from './enclave.ts'
import { isMounted, programFile, run, startProgram, unmount, untilReady } from './program.ts'
import type { Place, Target, TargetKind } from './target.ts'

const EMPTY_METADATA = '/var/lib/mfs/metadata.mfs.empty'
const PROGRAMS = ['mfsmaster', 'mfschunkserver', 'mfsmount']
const PROBE_TRIES = 100
const PROBE_PAUSE_MS = 100

/** MooseFS with one master and one chunkserver that syncs chunks when it closes them, mounted by its FUSE client. */
export const moosefs: TargetKind = {
  name: 'moosefs',
  whyNot() {
    const missing = PROGRAMS.some(name => programFile(name) === undefined)
    if (missing) return 'not installed: sudo apt-get install moosefs-master moosefs-chunkserver moosefs-client'
    return whyNoEnclave()
  },
  open: openMoosefs,
}

async function openMoosefs({ folder, signal }: Place): Promise<Target> {
  await using opening = new AsyncDisposableStack()
  writeConfiguration(folder)
  const enclave = opening.use(await openEnclave({}, signal))
  const mount = join(folder, 'mount')
  const launch = async (command: readonly string[], ready: (said: string) => boolean, signal: AbortSignal) => {
    const program = startProgram(command)
    await untilReady(program, () => ready(program.said()), signal)
  }
  const daemon = (name: string, words: string, signal: AbortSignal): Promise<void> => {
    const command = [...enclave.inside, name, '-f', '-c', `${folder}/${name}.cfg`, 'start']
    return launch(command, said => said.includes(words), signal)
  }
  const start = async (signal: AbortSignal): Promise<void> => {
    await daemon('mfsmaster', 'daemon initialized properly', signal)
    await daemon('mfschunkserver', 'daemon initialized properly', signal)
    const client = [...enclave.outside, 'mfsmount', '-f', '-H', ENCLAVE_ADDRESS, mount]
    await launch(client, () => isMounted(mount), signal)
    await untilItStores(mount, signal)
  }
  const stop = async (): Promise<void> => {
    await unmount(mount)
    await enclave.endAll()
  }
  opening.defer(stop)
  await start(signal)
  const stack = opening.move()
  return {
    name: 'moosefs',
    title: `MooseFS ${await version()}, one chunkserver with HDD_FSYNC_BEFORE_CLOSE=1, otherwise as Debian ships it`,
    folder: mount,
    pids: () => enclave.pids(),
    async restart(signal) {
      await stop()
      const startMs = performance.now()
      await start(signal)
      return performance.now() - startMs
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function writeConfiguration(folder: string): void {
  const at = (name: string): string => join(folder, name)
  for (const name of ['master', 'chunk', 'hdd', 'mount']) mkdirSync(at(name))
  copyFileSync(EMPTY_METADATA, at('master/metadata.mfs'))
  const user = ['WORKING_USER = root', 'WORKING_GROUP = root']
  const files: Readonly<Record<string, readonly string[]>> = {
    'exports.cfg': ['* / rw,alldirs,admin,maproot=0:0'],
    'topology.cfg': [],
    'hdd.cfg': [at('hdd')],
    'mfsmaster.cfg': [
      ...user,
      `DATA_PATH = ${at('master')}`,
      `EXPORTS_FILENAME = ${at('exports.cfg')}`,
      `TOPOLOGY_FILENAME = ${at('topology.cfg')}`,
      'LOCK_MEMORY = 0',
    ],
    'mfschunkserver.cfg': [
      ...user,
      `DATA_PATH = ${at('chunk')}`,
      `HDD_CONF_FILENAME = ${at('hdd.cfg')}`,
      'HDD_LEAVE_SPACE_DEFAULT = 1MiB',
      `MASTER_HOST = ${ENCLAVE_ADDRESS}`,
      `BIND_HOST = ${ENCLAVE_ADDRESS}`,
      'HDD_FSYNC_BEFORE_CLOSE = 1',
    ],
  }
  for (const [name, lines] of Object.entries(files)) writeFileSync(at(name), lines.map(line => `${line}\n`).join(''))
}

/** The chunkserver needs a moment until the master gives it chunks. */
async function untilItStores(mount: string, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await run(['sh', '-c', 'echo x > .probe && cat .probe && rm .probe'], { cwd: mount, signal })
      return
    } catch (error) {
      if (tries === PROBE_TRIES) throw error
      await delay(PROBE_PAUSE_MS, undefined, { signal })
    }
  }
}

async function version(): Promise<string> {
  return /[\d.]+(?:-\d+)?/.exec(await run(['mfsmaster', '-v']))?.[0] ?? ''
}
