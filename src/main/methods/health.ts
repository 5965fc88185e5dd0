import type { DiskReport } from '#cluster'
import type { CheckRow } from '#rpc'
import type { StoreStat } from '#storage/chunks'
import { isFault, whyOf } from '#base'
import type { OpenFilesystem } from '../storage/filesystems.ts'
import type { UnheldChunks } from '../storage/unheld.ts'
import { type Damage, findDamage, findUsers } from './damage.ts'
import type { Parts } from './parts.ts'

/** What only the running Cairn knows about its health. */
export async function healthChecks(parts: Parts, signal: AbortSignal): Promise<readonly CheckRow[]> {
  const { chunks, disks, filesystems, peers, desk, start, unheld } = parts
  const logs = await Promise.all(filesystems.all.map(each => logCheck(each, signal)))
  const stat = chunks.stat()
  const damage = stat.states.quarantined.chunks === 0 ? undefined : await findDamage(parts, signal)
  const { found } = unheld
  const users = found && found.digests.size > 0 ? await findUsers(parts, found.digests, signal) : undefined
  return [
    restartCheck(start.restarts),
    chunkCheck(stat, damage, peers.machines.map.machines.length > 1),
    ...(found === undefined ? [] : [unheldCheck(found, users)]),
    spaceCheck(chunks.space()),
    ...disks.reports.slice(1).map(diskCheck),
    ...peers.checks(),
    ...desk.checks(),
    ...(filesystems.elsewhere?.failures ?? []).map(([filesystem, failure]) => remoteCheck(filesystem, failure)),
    ...logs,
  ]
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

/** Whether every chunk that was looked at was right; `damage` says who needs those that were not. */
export function chunkCheck(
  { states, segments }: Pick<StoreStat, 'states' | 'segments'>,
  damage?: Damage,
  isShared = false,
): CheckRow {
  const { quarantined, held } = states
  const name = 'chunks'
  const detail = `${held.chunks} held in ${segments} segments, ${quarantined.chunks} damaged`
  if (damage === undefined) return { name, state: 'ok', detail }
  const { places, isAll } = damage
  if (places.length > 0) {
    const remedy = [...steps(damage.kinds), CHECK_DISK].join(' ')
    return { name, state: 'fail', detail: `${detail}${neededBy(damage)}`, remedy }
  }
  if (isAll && isShared)
    return { name, state: 'warn', detail: `${detail}, which no file here needs`, remedy: OTHERS_MEND }
  if (isAll) return { name, state: 'warn', detail: `${detail}, which nothing needs any more`, remedy: LET_GO }
  const remedy = `Files that cannot be read need them. ${PUT_AGAIN} ${CHECK_DISK}`
  return { name, state: 'fail', detail: `${detail}; looking for who needs them took too long`, remedy }
}

/** Whether some machine holds all that files here need; `users` says who needs what none does. */
export function unheldCheck({ digests, silent }: UnheldChunks, users?: Damage): CheckRow {
  const name = 'needed chunks'
  if (digests.size === 0) return { name, state: 'ok', detail: 'some machine holds each that files here need' }
  const are = digests.size === 1 ? '1 is' : `${digests.size} are`
  const where = silent.length === 0 ? 'no machine' : 'no machine that answers'
  const detail = `${are} on ${where}${neededBy(users)}`.slice(0, DETAIL_MAX)
  if (silent.length > 0) return { name, state: 'fail', detail, remedy: startThem(silent) }
  const remedy = `They are lost, unless a disk or machine that was removed still has them. ${steps(users?.kinds).join(' ')}`
  return { name, state: 'fail', detail, remedy }
}

function neededBy(users: Damage | undefined): string {
  if (users === undefined || users.places.length === 0) return ''
  return `, needed by ${users.places.join(', ')}${users.isAll ? '' : ' and perhaps others'}`
}

function startThem(silent: readonly string[]): string {
  const more = silent.length - SILENT_TOLD_MAX
  const told = `${silent.slice(0, SILENT_TOLD_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return `Start ${told}, or let this machine reach ${silent.length === 1 ? 'it' : 'them'}: see cairn node ls.`
}

const SILENT_TOLD_MAX = 5

const CHECK_DISK = 'And check the disk.'
const OTHERS_MEND = `What files whose home is elsewhere need is put right by other machines: see cairn status. ${CHECK_DISK}`
const LET_GO = `They go at the next collection, or now: cairn fs gc. ${CHECK_DISK}`
const PUT_AGAIN =
  'Remove each of these files and, if there is a backup, put it again from there; then run `cairn fs gc`.'

// What people can do for those who need what cannot be read.
function steps(kinds: Damage['kinds'] = new Set()): string[] {
  return [
    kinds.has('file') ? PUT_AGAIN : undefined,
    kinds.has('snapshot')
      ? 'Snapshots are right again when the same content is put anywhere; else: cairn fs snapshot rm.'
      : undefined,
    kinds.has('removed')
      ? 'A removed file goes when the last program has closed it, at the latest when Cairn is started again.'
      : undefined,
    kinds.has('directory') ? 'A manifest is made anew by the next snapshot when its directory was changed.' : undefined,
  ].filter(step => step !== undefined)
}

/** Whether new chunks find room. */
export function spaceCheck(space: { readonly totalBytes: number; readonly freeBytes: number }): CheckRow {
  const { totalBytes, freeBytes } = space
  const name = 'chunk space'
  const detail = `${gib(freeBytes)} free of ${gib(totalBytes)}`
  if (totalBytes === 0) {
    const remedy =
      'Cairn leaves 5 % and 2 GiB of a shared disk free: give it a larger one with --data, or one of its own.'
    return { name, state: 'fail', detail: 'the disk is too small: nothing can be written', remedy }
  }
  const remedy = 'Remove files and snapshots, then run `cairn fs gc`; or add a disk: cairn disk add PATH'
  if (freeBytes === 0) return { name, state: 'fail', detail: `${detail}: nothing can be written`, remedy }
  return freeBytes < totalBytes / 20 ? { name, state: 'warn', detail, remedy } : { name, state: 'ok', detail }
}

/** How a disk besides that of the data folder is. */
export function diskCheck(report: DiskReport): CheckRow {
  const name = 'disk'
  const { path, state, message, chunks } = report
  const detail = `${path}: ${state === 'Ready' ? `${chunks} chunks held` : state}${message === undefined ? '' : `; ${message}`}`
  const said = detail.slice(0, DETAIL_MAX)
  if (state === 'Ready') return { name, state: 'ok', detail: said }
  if (state === 'Full') return { name, state: 'warn', detail: said, remedy: 'What is new goes to the other disks.' }
  const remedy = state === 'Missing' ? MISSING_DISK : FAILING_DISK
  return {
    name,
    state: 'fail',
    detail: said,
    remedy: `${remedy} Or let it go: cairn disk remove ${path.slice(0, PATH_MAX)}`,
  }
}

const DETAIL_MAX = 1000
const PATH_MAX = 500
const MISSING_DISK = 'Connect and mount it: it is used again within seconds, and what it holds is not lost.'
const FAILING_DISK = 'Look at the kernel log for its errors and replace it; to use it again: cairn disk add.'

/** Whether a filesystem that lives on another machine can be used here; `failure`: why its home did not let it be, undefined when it did. */
export function remoteCheck(filesystem: string, failure: unknown): CheckRow {
  const name = `filesystem ${filesystem}`
  if (failure === undefined) return { name, state: 'ok', detail: 'its home answers' }
  const detail = whyOf(failure).slice(0, DETAIL_MAX)
  const remedy = isFault(failure, 'Forbidden')
    ? `Let this machine in, on a controller: cairn fs access ${filesystem} --machines all`
    : 'See cairn node ls: the machine it lives on is off, or no way leads there.'
  return { name, state: 'fail', detail, remedy }
}

async function logCheck({ name, keyspace }: OpenFilesystem, signal: AbortSignal): Promise<CheckRow> {
  const { revision, durableRevision, keys } = await keyspace.status(signal)
  const detail = `${keys} keys, ${revision - durableRevision} revisions not yet durable`
  return { name: `log of ${name}`, state: 'ok', detail }
}

function gib(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`
}
