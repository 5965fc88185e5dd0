import type { Disk } from '#base'
import { inlineWorkers } from './inline-workers.ts'
import type { ChunkWorkers } from './workers.ts'

/** Workers that act like threads, but run each job on `disk` when `wait` has resolved. For tests and simulation. */
export function lateWorkers(disk: Disk, wait: () => Promise<void>): ChunkWorkers {
  const inner = inlineWorkers(disk)
  const late = async <Value>(step: () => Promise<Value>): Promise<Value> => {
    await wait()
    return await step()
  }
  return {
    threaded: true,
    hash: job => late(() => inner.hash(job)),
    write: job => late(() => inner.write(job)),
    read: job => late(() => inner.read(job)),
    verify: job => late(() => inner.verify(job)),
    forget: path => inner.forget(path),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}
