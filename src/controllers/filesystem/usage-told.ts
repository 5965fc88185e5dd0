import type { Clock } from '#base'
import type { FilesystemRow } from '#rpc'
import { type KubeObject, numberAt } from '#schema'
import { USAGE_TOLD_MS } from '../limits.ts'
import { isUsageNews } from './usage.ts'

/** When each object was told last what its filesystem holds: seldom, so that work on files is no work for the API. */
export class UsageTold {
  readonly #clock: Clock
  readonly #toldMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True when there is news, and the last was a while ago. */
  isDue(object: KubeObject, row: FilesystemRow): boolean {
    if (!isUsageNews(object, row)) return false
    const last = this.#toldMs.get(object.metadata.name)
    // What was just made is told at once that it is empty, and is not empty for long.
    const isFirst = last === undefined || (numberAt(object, 'status', 'inodesUsed') ?? 0) === 0
    return isFirst || this.#clock.monotonicMs() - last >= USAGE_TOLD_MS
  }

  told({ metadata }: KubeObject): void {
    this.#toldMs.set(metadata.name, this.#clock.monotonicMs())
  }
}
