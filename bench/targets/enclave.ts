import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { run, type RunOptions, startProgram, untilReady } from './program.ts'
import { sameNetwork } from './processes.ts'

const END_MS_MAX = 30_000
const END_POLL_MS = 10

/** The only address inside; both peers refuse loopback addresses. */
export const ENCLAVE_ADDRESS = '10.99.0.1'

/**
 * Network, process and mount namespaces in which daemons run. When this process ends, however it ends, their first
 * process reads the end of its input, and the kernel ends all others with it.
 */
export interface Enclave extends AsyncDisposable {
  /** Command words before a daemon: it sees the covered folders and dies with the enclave. */
  readonly inside: readonly string[]
  /** Command words before a mount program: it mounts where everybody sees it, and talks to the daemons. */
  readonly outside: readonly string[]
  /** Every daemon inside and every mount program. */
  pids(): readonly number[]
  /** Asks all of them to end and waits until they have. */
  endAll(): Promise<void>
  /** Runs a program inside to its end. */
  run(command: readonly string[], options?: RunOptions): Promise<string>
}

// The mount namespace is a copy: what is mounted outside would stay in use after it is unmounted there.
const LET_GO = "awk '$3 ~ /^fuse/ { print $2 }' /proc/mounts | xargs -r umount -l"

/** Makes an enclave; `covers` are folders of the machine that are replaced by others inside it. */
export async function openEnclave(covers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Enclave> {
  const steps = [
    LET_GO,
    'ip link set lo up',
    `ip addr add ${ENCLAVE_ADDRESS}/32 dev lo`,
    ...Object.entries(covers).map(([hidden, shown]) => `mount --bind '${shown}' '${hidden}'`),
    'echo ready',
    'exec cat',
  ]
  const unshare = ['unshare', '--net', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc']
  const holder = startProgram([...unshare, 'sh', '-c', steps.join(' && ')])
  await untilReady(holder, () => holder.said().includes('ready'), signal)
  const first = childOf(holder.pid)
  const inside = ['nsenter', `--target=${first}`, '--net', '--pid', '--mount']
  const pids = (): readonly number[] => sameNetwork(first).filter(pid => pid !== first && pid !== holder.pid)
  return {
    inside,
    outside: ['nsenter', `--net=/proc/${first}/ns/net`],
    pids,
    async endAll() {
      for (const pid of pids()) process.kill(pid, 'SIGTERM')
      const deadline = performance.now() + END_MS_MAX
      while (pids().length > 0) {
        if (performance.now() > deadline) for (const pid of pids()) process.kill(pid, 'SIGKILL')
        await delay(END_POLL_MS)
      }
    },
    run: (command, options) => run([...inside, ...command], options),
    [Symbol.asyncDispose]: () => holder.end('SIGKILL'),
  }
}

/** The one child of `unshare --fork`. */
function childOf(pid: number): number {
  const [task = String(pid)] = readdirSync(`/proc/${pid}/task`)
  return Number(readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim())
}

/** Why no enclave can be made here; undefined when it can. */
export function whyNoEnclave(): string | undefined {
  return process.geteuid?.() === 0 ? undefined : 'only root can start it; run the benchmark as root'
}
