import type { AppParts } from '#api'
import type { World } from '#base'
import type { Keyspace } from '#keyspace'
import { ApiMetrics, AuditLog } from '#telemetry'
import { nodeReadings } from './node-readings.ts'
import type { DoorCall } from './storage-door.ts'

/** What the API tells of itself: counts, notes of who did what, and whether it is well. */
export type ApiTelemetry = AsyncDisposable &
  Required<Pick<AppParts, 'audit' | 'checks'>> & { readonly observer: ApiMetrics }

/** What is told of. */
export interface TelemetryParts {
  readonly keyspace: Keyspace
  /** Where the notes lie. */
  readonly folder: string
  /** The storage process of this machine, which hears what all machines use. */
  readonly call: DoorCall
}

/** Opens it. */
export function openTelemetry({ keyspace, folder, call }: TelemetryParts, world: World): ApiTelemetry {
  const log = new AuditLog({ world, folder: `${folder}/audit` })
  const startedSeconds = Number(world.clock.wallNs() / 1_000_000_000n)
  const observer = new ApiMetrics(() => {
    const { user, system } = process.cpuUsage()
    return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss(), startedSeconds }
  })
  observer.tellNodes(() => nodeReadings(call, world))
  return {
    observer,
    audit: entry => log.note(entry),
    checks: [{ name: 'keyspace', check: async signal => void (await keyspace.status(signal)) }],
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
}
