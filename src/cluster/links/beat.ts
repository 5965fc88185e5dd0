import { type Clock, isFault } from '#base'
import { clusterBeat } from '../methods/beat.ts'
import type { Links } from './links.ts'
import type { MachineConnection } from './machine-connection.ts'

/** What a heartbeat goes over. */
export interface BeatTools {
  readonly connection: MachineConnection
  readonly clock: Clock
}

/**
 * Sends a heartbeat, one at a time; answers who has a newer map, if the other side has. One that fails is silence, which
 * ends the connection when it lasts.
 */
export async function beatOver(
  links: Links,
  { connection, clock }: BeatTools,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly version: number } | undefined> {
  if (connection.isBeating || !connection.isOpen) return undefined
  connection.isBeating = true
  links.beats += 1
  const { name, isController } = connection.wire.subject
  const sentMs = clock.monotonicMs()
  const says = links.inBeat()
  connection.beatMs = sentMs
  const report = isController && connection.told !== links.report ? links.report : undefined
  try {
    const duplicate = links.hearing.duplicateOf(name)
    const params = {
      ...says,
      ...(duplicate === undefined ? {} : { duplicate }),
      ...(report === undefined ? {} : { report }),
      ...(links.load === undefined || !isController ? {} : { load: links.load }),
    }
    const answer = await connection.client.call(clusterBeat, params, signal)
    const rttMs = clock.monotonicMs() - sentMs
    links.stands(standing => {
      standing.duplicated(name, answer.duplicate)
      if (isController) standing.welcomed(name)
    })
    const versions = { mapVersion: answer.mapVersion, here: links.map.version }
    if (isController && answer.isLeading === true) links.leadership.answered(sentMs, versions)
    connection.rttMs = rttMs
    connection.told = answer.wantsReport === 'yes' ? undefined : (report ?? connection.told)
    if (answer.wantsReport === 'yes' && links.report !== undefined) connection.beatMs = undefined
    links.hearing.skew(name, answer.wallMs - says.wallMs - rttMs / 2)
    return answer.mapVersion > links.map.version ? { name, version: answer.mapVersion } : undefined
  } catch (error) {
    if (!isFault(error) && !signal.aborted) throw error
    // Only a controller is believed that this machine is not let in.
    if (isController) links.stands(standing => standing.refused(name, error))
    return undefined
  } finally {
    connection.isBeating = false
  }
}
