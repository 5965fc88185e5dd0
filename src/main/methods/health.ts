import type { CheckRow } from '#rpc'
import type { StoreStat } from '#storage/chunks'
import type { OpenFilesystem } from '../storage/filesystems.ts'
import type { Parts } from './parts.ts'

/** What only the running Cairn knows about its health. */
export async function healthChecks(parts: Parts, signal: AbortSignal): Promise<readonly CheckRow[]> {
  const { chunks, filesystems, start } = parts
  const logs = await Promise.all(filesystems.all.map(each => logCheck(each, signal)))
  return [restartCheck(start.restarts), chunkCheck(chunks.stat()), spaceCheck(chunks.space()), ...logs]
}

/** Storage processes that ended without being told: how many since the start, and how the last one did. */
export function restartCheck({
  count,
  last,
}: {
  readonly count: number
  readonly last?: string | undefined
}): CheckRow {
  const name = 'storage process'
  if (count === 0) return { name, state: 'ok', detail: 'never died since the start' }
  const detail = `died ${count === 1 ? 'once' : `${count} times`} since the start, last by ${last ?? 'an unknown cause'}`
  return { name, state: 'warn', detail, remedy: 'Nothing is lost. See what `cairn up` printed before.' }
}

/** Whether every chunk that was looked at was right. */
export function chunkCheck({ states, segments }: Pick<StoreStat, 'states' | 'segments'>): CheckRow {
  const { quarantined, held } = states
  const name = 'chunks'
  const detail = `${held.chunks} held in ${segments} segments, ${quarantined.chunks} damaged`
  if (quarantined.chunks === 0) return { name, state: 'ok', detail }
  const remedy = 'Check the disk, and restore the files that cannot be read from a backup.'
  return { name, state: 'fail', detail, remedy }
}

/** Whether new chunks find room. */
export function spaceCheck(space: { readonly totalBytes: number; readonly freeBytes: number }): CheckRow {
  const { totalBytes, freeBytes } = space
  const name = 'chunk space'
  const detail = `${gib(freeBytes)} free of ${gib(totalBytes)}`
  if (freeBytes >= totalBytes / 20) return { name, state: 'ok', detail }
  const remedy = 'Remove files and snapshots, then run `cairn fs gc`; or give Cairn a larger disk.'
  return { name, state: freeBytes === 0 ? 'fail' : 'warn', detail, remedy }
}

async function logCheck({ name, keyspace }: OpenFilesystem, signal: AbortSignal): Promise<CheckRow> {
  const { revision, durableRevision, keys } = await keyspace.status(signal)
  const detail = `${keys} keys, ${revision - durableRevision} revisions not yet durable`
  return { name: `log of ${name}`, state: 'ok', detail }
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}
