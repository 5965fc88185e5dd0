import type { World } from '#base'
import type { ChunkStore } from '#storage/chunks'
import type { Pool } from '#storage/pool'
import type { Start } from '../messages.ts'
import type { MeshDesk } from '../mesh/desk.ts'
import type { Peers } from '../peers/peers.ts'
import type { Replication } from '../replication/replication.ts'
import type { DiskKeeper } from '../disks/disk-keeper.ts'
import type { MachineDisks } from '../disks/machine-disks.ts'
import type { Collector } from '../storage/collector.ts'
import type { Filesystems } from '../storage/filesystems.ts'
import type { SupervisorLink } from '../storage/link.ts'
import type { Sessions } from '../storage/sessions.ts'
import type { Unheld } from '../storage/unheld.ts'

/** What the methods of the local door work on. */
export interface Parts {
  readonly start: Start
  readonly link: SupervisorLink
  readonly world: World
  readonly chunks: ChunkStore
  readonly pool: Pick<Pool, 'status' | 'onlyAt' | 'shortfall'>
  readonly filesystems: Filesystems
  readonly sessions: Sessions
  readonly collector: Collector
  readonly unheld: Pick<Unheld, 'found'>
  readonly disks: MachineDisks
  readonly diskKeeper: Pick<DiskKeeper, 'wake'>
  readonly peers: Peers
  /** Where filesystems live; undefined: all of them here. */
  readonly replication?: Replication | undefined
  readonly desk: Pick<MeshDesk, 'localMethods' | 'checks'>
  /** Monotonic time when everything was open. */
  readonly openedMs: number
}
