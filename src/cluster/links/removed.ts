import type { Clock, Log } from '#base'
import { type Duplex, serveStranger } from '#rpc'
import { clusterFault } from '../faults.ts'
import { REMOVED_TOLD_MS } from '../limits.ts'

/** What it takes to answer somebody for a moment. */
export interface TellingTools {
  readonly clock: Clock
  readonly log: Log
  readonly software: string
}

/** Tells a machine whose certificate was revoked that it is not of this cloud any more, whatever it asks, and not for long. */
export async function tellRemoved(duplex: Duplex, tools: TellingTools, signal: AbortSignal): Promise<void> {
  const otherwise = () => clusterFault('Removed', 'this machine was removed from the cloud')
  const served = serveStranger(duplex, { ...tools, handlers: [], otherwise })
  await tools.clock.sleep(REMOVED_TOLD_MS, signal).catch(() => undefined)
  duplex.destroy()
  await served[Symbol.asyncDispose]()
}
