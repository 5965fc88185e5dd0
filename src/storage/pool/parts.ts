import type { World } from '#base'
import type { Machines } from '#cluster'
import type { ChunkStore } from '#storage/chunks'
import type { HeldGroups } from './held-groups.ts'
import type { OwnCopies } from './own-copies.ts'
import type { Traffic } from './traffic.ts'
import type { PoolView } from './view.ts'

/** What a pool asks of the machines of its cloud. */
export type PoolMachines = Pick<Machines, 'own' | 'map' | 'onMap' | 'client' | 'connect' | 'states'>

/** What the steps of one open pool share. */
export interface PoolParts {
  /** The pool's name. */
  readonly id: string
  readonly world: Pick<World, 'clock' | 'log'>
  readonly machines: PoolMachines
  readonly store: ChunkStore
  readonly copies: OwnCopies
  readonly held: HeldGroups
  readonly traffic: Traffic
  /** Of this opening: what another machine did not see synced in it may be gone in the next. */
  readonly boot: string
  /** Aborted when the pool closes. */
  readonly signal: AbortSignal
  /** The machines as they are now. */
  view(): PoolView
  /** Notes a group that has fewer or other copies than it shall have. */
  owe(group: number): void
}
