import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { abortMount, findMount, unmount } from '#storage/fuse'
import type { FaultRule } from './rules.ts'

export type { FaultRule } from './rules.ts'

/** A mount that passes everything through to a folder and fails where it is told to. Disposing unmounts it. */
export interface FaultFs extends AsyncDisposable {
  readonly mount: string
  /** Replaces the rules; answers how many calls the rules before had failed. */
  rule(...rules: readonly FaultRule[]): Promise<number>
}

/** Serves `folder` at `mount`, both made when missing, in a process of its own. */
export async function openFaultFs(folder: string, mount: string): Promise<FaultFs> {
  for (const each of [folder, mount]) mkdirSync(each, { recursive: true })
  const child = fork(join(import.meta.dirname, 'serve.ts'), [folder, mount], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await heard(child)
  return {
    mount,
    async rule(...rules) {
      child.send([...rules])
      const answer: unknown = await heard(child)
      return typeof answer === 'object' && answer !== null && 'failed' in answer ? Number(answer.failed) : 0
    },
    async [Symbol.asyncDispose]() {
      await unmount(mount)
      if (findMount(mount) !== undefined) abortMount(mount)
      if (child.exitCode === null) child.kill('SIGKILL')
    },
  }
}

async function heard(child: ChildProcess): Promise<unknown> {
  using over = new Over()
  const { signal } = over
  const died = once(child, 'exit', { signal }).then(() => {
    throw new Error('the process that serves the faulty mount ended')
  })
  died.catch(() => undefined) // after it was heard nobody waits for it any more
  const [message]: unknown[] = await Promise.race([once(child, 'message', { signal }), died])
  return message
}

class Over extends AbortController implements Disposable {
  [Symbol.dispose](): void {
    this.abort()
  }
}
