import type { World } from '#base'
import type { EpochStart, Revision } from '#keyspace'
import type { Home } from '../home/home.ts'
import type { Superblock } from '../home/superblock.ts'
import type { Ino, Invalidation, Reply } from '../vfs.ts'
import type { Access } from './protocol.ts'

/** What the home's own process has of the filesystem beside the home. */
export interface LocalSide {
  /** A kernel here may have to be told. */
  invalidate(change: Invalidation): void
  /** True while something was written here that is not at the home yet. */
  readonly isDirty: boolean
  /** Brings what was written here to the home; undefined when there is nothing. */
  settle(ino: Ino): Reply<void>
  /** Resolves when kernels here have been told of all that they were to be; while they hang, not at all. Undefined when they have. */
  told(): Promise<void> | undefined
  /** True when a kernel here may hold the inode. */
  mayHold(ino: Ino): boolean
  /** The file has lost its last name and is still held here: it goes when it is forgotten here. */
  adopt(ino: Ino): void
  /** Room of quotas that is not needed here is given back to the home. */
  giveBack(): void
  /** A wait for a lock is over: it is held. */
  granted(wait: number): void
}

/** What the sessions of a filesystem work with. */
export interface HomeSessionsParts {
  readonly home: Home
  readonly world: World
  readonly superblock: Superblock
  /** The running kernel's boot id: after a power cut, what sessions were told may be gone. */
  readonly bootId: string
  /** Since when this machine is the home, if others were before; their sessions go on here as far as their changes are here. */
  readonly since?: HomeSince | undefined
  /** Who wrote the log of the home, this one last; undefined: nobody else ever did. */
  readonly epochs?: readonly EpochStart[] | undefined
  /** True when unlinked files may be held open in this process's kernel mounts. */
  readonly isMounted: boolean
  readonly local: LocalSide
}

/** Where the log of an earlier home ends, and what this machine is called. */
export interface HomeSince {
  readonly first: Revision
  readonly own: string
}

/** Who asks: a machine by its certificate, and what it may do. */
export interface Asker {
  readonly machine: string
  readonly access: Access
}

/** A session of before this process began, which waits to be resumed. */
export interface Asleep {
  readonly machine: string
  readonly untilMs: number
  /** It was a session of an earlier home: what that answered from this revision on is not here. */
  readonly endsBefore: Revision | undefined
}
