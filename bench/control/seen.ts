import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Names of objects and when a watch told of them, by {@link nowMs}. */
export type Seen = readonly (readonly [name: string, atMs: number])[]

/** Milliseconds since 1970 with fractions: the same in all processes of a machine. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

/** Watches a path in another process until disposed; `hear` is told what it has seen, every tenth of a second. */
export async function watchElsewhere(
  kubeconfig: string,
  path: string,
  hear: (seen: Seen) => void,
): Promise<AsyncDisposable> {
  const child = fork(join(import.meta.dirname, 'watcher.ts'), [kubeconfig, path])
  await once(child, 'message')
  child.on('message', message => hear(message as Seen))
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
