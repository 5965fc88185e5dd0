import type { Disk } from '#base'
import { type ChunkWorkers, inlineWorkers } from '../index.ts'

/** Workers that act like threads, but run each job on `disk` a random number of turns later. */
export function lateWorkers(disk: Disk, random: () => number): ChunkWorkers {
  const inner = inlineWorkers(disk)
  const late = async <Value>(step: () => Promise<Value>): Promise<Value> => {
    for (let turns = Math.floor(random() * 30); turns > 0; turns--) await Promise.resolve()
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
