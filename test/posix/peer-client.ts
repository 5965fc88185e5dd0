import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { SysError } from './sys/index.ts'
import type * as sys from './sys/index.ts'

/** A call sent to the second process. */
export interface PeerCall {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}

/** Its answer: a value, or the errno name of the failure. */
export interface PeerAnswer {
  readonly id: number
  readonly value?: unknown
  readonly code?: string
}

/** A second process: calls are made in order; a failed one rejects with its SysError. */
export interface Peer {
  readonly pid: number
  call<Name extends keyof Calls>(name: Name, ...args: Parameters<Calls[Name]>): Promise<ReturnType<Calls[Name]>>
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>
  /** The signal that ended it, once it has. */
  readonly ended: Promise<NodeJS.Signals | null>
}

type Functions<T> = { [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] }
type Calls = Pick<
  Functions<typeof sys>,
  | 'chdir'
  | 'close'
  | 'fcntl'
  | 'flock'
  | 'getLock'
  | 'mkdir'
  | 'open'
  | 'read'
  | 'rename'
  | 'rmdir'
  | 'setLock'
  | 'stat'
  | 'truncate'
  | 'unlink'
  | 'write'
> & {
  appendLines(path: string, tag: string, count: number): void
  touchBeyondEnd(path: string): number
}

/** Starts the second process in a folder. */
export async function startPeer(dir: string): Promise<Peer> {
  // Its stdout is not ours: the runner reads that until the last holder is gone.
  const child = fork(new URL('./peer.ts', import.meta.url), {
    cwd: dir,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new Promise<NodeJS.Signals | null>(resolve => child.once('exit', (_code, signal) => resolve(signal)))
  await once(child, 'spawn')
  return peerOf(child, ended)
}

function peerOf(child: ChildProcess, ended: Promise<NodeJS.Signals | null>): Peer {
  const waiting = new Map<number, (answer: PeerAnswer) => void>()
  let lastId = 0
  child.on('message', (answer: PeerAnswer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  child.once('exit', () => {
    for (const [id, settle] of waiting) settle({ id, code: 'peer ended' })
  })
  return {
    pid: child.pid ?? 0,
    ended,
    call(name, ...args) {
      const id = ++lastId
      child.send({ id, name, args })
      return new Promise((resolve, reject) => {
        waiting.set(id, answer => {
          if (answer.code === undefined) resolve(answer.value as ReturnType<Calls[typeof name]>)
          else reject(new SysError(name, answer.code))
        })
      })
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
