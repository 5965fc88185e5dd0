import type { Client } from '#rpc'
import type { NodeMap } from './node-map.ts'

/** How a machine is heard from here: not what the map says of it. */
export interface MachineView {
  readonly name: string
  readonly state: 'Online' | 'Suspect' | 'Offline'
  readonly isConnected: boolean
  /** Of the last heartbeat over the connection that is used; undefined before the first. */
  readonly rttMs: number | undefined
}

/** The machines of the cloud as other rooms use them. */
export interface Machines {
  /** What this machine is called. It changes at most once: when a machine alone gets its certificate. */
  readonly own: string
  /** The map of the moment. A machine alone has one too: itself, with `isShared` false. */
  readonly map: NodeMap
  /** Runs `run` after each change of the map, until disposed. What it throws breaks the process: it is a bug. */
  onMap(run: (map: NodeMap) => void): Disposable
  /** A connection to the machine that is there now. */
  client(name: string): Client | undefined
  /**
   * A connection to the machine; dials it when there is none. Aborting ends only the wait. Faults: NoPath (nobody of this
   * name, or none of its addresses answers now); the signal's reason.
   */
  connect(name: string, signal: AbortSignal): Promise<Client>
  /** Every other machine of the map, in its order. */
  states(): readonly MachineView[]
  /** Milliseconds since a leading controller answered this machine last; undefined: none has since it began. */
  readonly leaderAgoMs: number | undefined
}
