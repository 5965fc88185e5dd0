import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ENCLAVE_ADDRESS, type Enclave, openEnclave, whyNoEnclave } from './enclave.ts'
import { isMounted, programFile, run, startProgram, unmount, untilReady } from './program.ts'
import type { Place, Target, TargetKind } from './target.ts'

const VOLUME = 'bench'
const START_TRIES = 50
const TRY_PAUSE_MS = 200

/** GlusterFS with one brick and the options it has from Debian, mounted by its FUSE client. */
export const glusterfs: TargetKind = {
  name: 'glusterfs',
  whyNot() {
    if (programFile('glusterd') === undefined) return 'not installed: sudo apt-get install glusterfs-server'
    return whyNoEnclave()
  },
  open: openGlusterfs,
}

async function openGlusterfs({ folder, signal }: Place): Promise<Target> {
  await using opening = new AsyncDisposableStack()
  const at = (name: string): string => join(folder, name)
  for (const name of ['brick', 'work', 'run', 'run-gluster', 'log', 'log/bricks', 'mount']) mkdirSync(at(name))
  writeFileSync(at('glusterd.vol'), volfile(folder))
  // Bricks write below these whatever the daemon is told; the first is made here if it is missing.
  mkdirSync('/var/run/gluster', { recursive: true })
  const covers = { '/var/log/glusterfs': at('log'), '/var/run/gluster': at('run-gluster') }
  const enclave = opening.use(await openEnclave(covers, signal))
  const brick = `${ENCLAVE_ADDRESS}:${at('brick')}`
  const server = new Server(enclave, folder)
  await server.start(signal)
  await server.gluster(['volume', 'create', VOLUME, brick, 'force'])
  await server.gluster(['volume', 'start', VOLUME])
  const client = new Client(enclave, folder)
  opening.defer(() => unmount(at('mount')))
  await client.start(signal)
  const stack = opening.move()
  return {
    name: 'glusterfs',
    title: `${(await run(['glusterfs', '--version'])).split('\n')[0] ?? ''}, one brick, options as Debian ships them`,
    folder: at('mount'),
    pids: () => enclave.pids(),
    async restart(signal) {
      await unmount(at('mount'))
      // The management daemon stays: it takes no part in file operations.
      await server.gluster(['volume', 'stop', VOLUME])
      const startMs = performance.now()
      await server.gluster(['volume', 'start', VOLUME])
      await client.start(signal)
      return performance.now() - startMs
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** The management daemon, which starts and stops the brick. */
class Server {
  readonly #enclave: Enclave
  readonly #folder: string

  constructor(enclave: Enclave, folder: string) {
    this.#enclave = enclave
    this.#folder = folder
  }

  async start(signal: AbortSignal): Promise<void> {
    const { inside } = this.#enclave
    const options = ['-N', '-f', `${this.#folder}/glusterd.vol`, '-p', `${this.#folder}/glusterd.pid`]
    const daemon = startProgram([...inside, 'glusterd', ...options, '-l', `${this.#folder}/log/glusterd.log`])
    for (let tries = 1; ; tries++) {
      try {
        await this.gluster(['volume', 'info'])
        return
      } catch (error) {
        if (tries === START_TRIES || !daemon.isRunning()) throw error
        await delay(TRY_PAUSE_MS, undefined, { signal })
      }
    }
  }

  gluster(words: readonly string[]): Promise<string> {
    const options = [`--glusterd-sock=${this.#folder}/glusterd.sock`, `--log-file=${this.#folder}/log/cli.log`]
    return this.#enclave.run(['gluster', '--mode=script', ...options, ...words])
  }
}

class Client {
  readonly #enclave: Enclave
  readonly #folder: string
  readonly #mount: string

  constructor(enclave: Enclave, folder: string) {
    this.#enclave = enclave
    this.#folder = folder
    this.#mount = `${folder}/mount`
  }

  async start(signal: AbortSignal): Promise<void> {
    const options = [`--volfile-server=${ENCLAVE_ADDRESS}`, `--volfile-id=${VOLUME}`]
    const log = `--log-file=${this.#folder}/log/mount.log`
    const command = ['glusterfs', '-N', ...options, log, this.#mount]
    const program = startProgram([...this.#enclave.outside, ...command])
    await untilReady(program, () => isMounted(this.#mount), signal)
    // The first requests fail until the brick has registered its port.
    for (let tries = 1; ; tries++) {
      try {
        await run(['stat', this.#mount], { signal })
        return
      } catch (error) {
        if (tries === START_TRIES) throw error
        await delay(TRY_PAUSE_MS, undefined, { signal })
      }
    }
  }
}

function volfile(folder: string): string {
  return `volume management
    type mgmt/glusterd
    option working-directory ${folder}/work
    option run-directory ${folder}/run
    option glusterd-sockfile ${folder}/glusterd.sock
    option transport-type socket
    option transport.address-family inet
    option transport.socket.keepalive-time 10
    option transport.socket.keepalive-interval 2
    option transport.socket.read-fail-log off
    option ping-timeout 0
    option event-threads 1
    option max-port 60999
end-volume
`
}
