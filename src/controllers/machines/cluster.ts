import type { HeardMachine, HomeChange, NodeMap } from '#cluster'

/** A machine that is let in. */
export interface Member {
  readonly name: string
  readonly isController: boolean
}

/** Who has a certificate of a machine, by the list of all that were issued. */
export interface MachineCertificates {
  /** Machines with a certificate that holds. */
  readonly members: readonly Member[]
  /** Serials of certificates of machines that were revoked and have not expired. */
  readonly revoked: readonly string[]
}

/** The map as it is kept, and what has to be said to replace it. */
export interface KeptMap {
  /** Undefined: there was none yet. */
  readonly map: NodeMap | undefined
  readonly revision: number
}

/** The machines of the cloud, as controllers use them. Faults: those of the keyspace and of the local door. */
export interface Cluster {
  /** What this machine is called. */
  readonly own: string
  /** Of the authority's key: what the map calls the cloud. */
  readonly cloud: string
  /** What the storage process of this machine has heard last, by name. */
  readonly heard: ReadonlyMap<string, HeardMachine>
  /** The map as it was kept last, here or, a moment ago, by another controller. */
  readonly map: NodeMap | undefined
  /** The newest map that the storage process of this machine has; the next one is above. */
  readonly versionThere: number
  /** Runs `run` with the names of whom was heard something new, until disposed; no names: the version there changed. */
  onHeard(run: (names: readonly string[]) => void): Disposable
  /** Milliseconds for which a machine has not been heard, at least; 0: it is heard; undefined: nobody knows now. */
  silentMs(name: string): number | undefined
  /** The controllers of this process lead, as was confirmed when they asked at `sentMs`, monotonic: machines are told so. */
  leads(sentMs: number): void
  certificates(signal: AbortSignal): Promise<MachineCertificates>
  /** Revokes every certificate a machine has, for good. */
  revoke(machine: string, signal: AbortSignal): Promise<void>
  /** The map as it is kept now. */
  keptMap(signal: AbortSignal): Promise<KeptMap>
  /**
   * Changes where a filesystem lives: a next home among those that have its log, in a higher epoch. Answers the map as it is then;
   * `stale` when the record was another already. Faults: NotHome.
   */
  setHome(
    change: HomeChange,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: 'done' | 'stale'; readonly map: NodeMap }>
  /** Keeps a map, durably, unless another has been kept since `revision`: then answers false. Machines are told of it. */
  keepMap(map: NodeMap, revision: number, signal: AbortSignal): Promise<boolean>
}
