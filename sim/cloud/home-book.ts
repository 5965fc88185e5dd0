import type { MapFilesystem } from '#cluster'
import { type EpochStart, epochsOf } from '#keyspace'
import { mustHold } from '../model/violation.ts'
import type { CloudMachine, OpenHome } from './machine.ts'

/** How much of the log before a home has; it may have more, of a home before that one. */
export type Kept = 'all' | { readonly to: number; readonly hasMore: boolean }

/** Which machine was the home in which epoch, and who has named it. */
export class HomeBook {
  /** The newest epoch that has begun, and the home in it. */
  epoch = 0
  home = ''
  readonly #homes = new Map<number, string>()
  readonly #byLeader = new Set<number>()
  /** Who wrote the log of the home. */
  #starts: readonly EpochStart[] = []

  /** The leading controller has named a home: the one before was silent for long. */
  named({ epoch }: MapFilesystem): void {
    this.#byLeader.add(epoch)
  }

  /**
   * A machine begins as the home; answers what of the log before is in its own, undefined when its epoch is over already. A home that
   * was killed has all of it, and what was staged.
   */
  opened(name: string, { epoch, found, keyspace }: OpenHome, hasLostPower: boolean): Kept | undefined {
    const before = this.#homes.get(epoch)
    mustHold(before === undefined || before === name, () => `${before} and ${name} are home in epoch ${epoch}`)
    this.#homes.set(epoch, name)
    if (epoch < this.epoch) return undefined
    const isSame = epoch === this.epoch && !hasLostPower
    const to = commonTo(this.#starts, found)
    this.#starts = epochsOf(keyspace)
    Object.assign(this, { epoch, home: name })
    return isSame ? 'all' : { to, hasMore: found.last > to }
  }

  /**
   * True while nothing is promised of what a machine sees: it follows an earlier home, which people have deposed, or is that home.
   * One that the leader deposes answers nobody any more by then.
   */
  isAstray(machine: CloudMachine): boolean {
    const { epoch } = machine
    if (epoch >= this.epoch) return false
    for (let each = epoch + 1; each <= this.epoch; each++) if (!this.#byLeader.has(each)) return true
    return false
  }
}

// Two logs are the same as long as the same homes wrote them.
function commonTo(before: readonly EpochStart[], { epochs, last }: OpenHome['found']): number {
  const same = before.findIndex(({ epoch, boot, first }, index) => {
    const other = epochs[index]
    return other?.epoch !== epoch || other.boot !== boot || other.first !== first
  })
  const count = same < 0 ? before.length : same
  const ends = [before[count], epochs[count]].map(start => (start?.first ?? Number.POSITIVE_INFINITY) - 1)
  return Math.min(last, ...ends)
}
