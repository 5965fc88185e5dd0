import type { AppParts } from '#api'
import type { World } from '#base'
import type { Keyspace } from '#keyspace'
import { ApiMetrics, AuditLog } from '#telemetry'

/** What the API tells of itself: counts, notes of who did what, and whether it is well. */
export type ApiTelemetry = AsyncDisposable &
  Required<Pick<AppParts, 'audit' | 'checks'>> & { readonly observer: ApiMetrics }

/** Opens it; the notes lie below `folder`. */
export function openTelemetry(keyspace: Keyspace, folder: string, world: World): ApiTelemetry {
  const log = new AuditLog({ world, folder: `${folder}/audit` })
  const startedSeconds = Number(world.clock.wallNs() / 1_000_000_000n)
  return {
    observer: new ApiMetrics(() => {
      const { user, system } = process.cpuUsage()
      return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss(), startedSeconds }
    }),
    audit: entry => log.note(entry),
    checks: [{ name: 'keyspace', check: async signal => void (await keyspace.status(signal)) }],
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  }
}
