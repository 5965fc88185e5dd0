import { BEAT_MS, LINK_IDLE_MS, LOOK_MS, QUIET_MS, SURPLUS_MS, SUSPECT_MS } from '../limits.ts'
import type { MachineSubject } from '../peer-name.ts'
import type { MachineConnection } from './machine-connection.ts'

/** What is looked at in a connection. */
export type ConnectionView = Pick<
  MachineConnection,
  'heardMs' | 'sentMs' | 'beatMs' | 'usedMs' | 'surplusMs' | 'isIdle' | 'wire'
>

/** From where it is looked at. */
export interface Looking {
  readonly nowMs: number
  readonly own: MachineSubject
  /** Before this time nothing could be heard, as this process stood still. */
  readonly listeningMs: number
  /** True when this machine keeps a connection to the other. */
  readonly isWanted: boolean
}

/** What is to be done with a connection now: silent and needless ones are cut, others asked in time. */
export function upkeepOf(connection: ConnectionView, looking: Looking): 'cut' | 'beat' | 'nothing' {
  const { nowMs, own, listeningMs } = looking
  const { heardMs, sentMs, beatMs = -BEAT_MS, wire } = connection
  if (nowMs - Math.max(heardMs, listeningMs) >= SUSPECT_MS || isNeedless(connection, looking)) return 'cut'
  if (nowMs - sentMs >= QUIET_MS) return 'beat'
  return beatsFirst(own, wire.subject) && nowMs - beatMs >= BEAT_MS - LOOK_MS / 2 ? 'beat' : 'nothing'
}

/**
 * Whether it is this machine that asks. Controllers are told by each; of two machines without a control plane one asks, which is
 * enough for both to know of each other.
 */
export function beatsFirst(own: MachineSubject, other: MachineSubject): boolean {
  return other.isController || (!own.isController && own.name < other.name)
}

// Of two connections one goes, by the will of one side, when both have had the time to use the other.
function isNeedless({ isIdle, surplusMs, usedMs, wire }: ConnectionView, { nowMs, own, isWanted }: Looking): boolean {
  if (!isIdle) return false
  if (surplusMs !== undefined) return nowMs - surplusMs >= SURPLUS_MS && own.name < wire.subject.name
  return wire.isDialled && !isWanted && nowMs - usedMs >= LINK_IDLE_MS
}
