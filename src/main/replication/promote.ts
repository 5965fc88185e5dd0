import { createHash } from 'node:crypto'
import type { World } from '#base'
import { IN_SYNC_MAX, type Machines, type MapFilesystem } from '#cluster'
import { mainFault } from '../faults.ts'
import { HOMES_HEARD_MS, PROMOTE_SYNC_MS } from '../limits.ts'
import type { Filesystems } from '../storage/filesystems.ts'
import { logHomes } from './methods.ts'
import type { Replication } from './replication.ts'

/** What a machine is made a home with. */
export interface PromoteParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly peers: { readonly machines: Pick<Machines, 'own' | 'map' | 'connect'> }
  readonly replication?: Pick<Replication, 'records' | 'hasLog' | 'lacks'> | undefined
  readonly filesystems: Pick<Filesystems, 'use'>
}

/** What became of the home of a filesystem. */
export interface Promoted {
  readonly home: string
  readonly before: string
  readonly epoch: number
  /** The epoch that the log here ends in, when others may have acknowledged more than is in it. */
  readonly endsIn?: number | undefined
}

/**
 * Makes this machine the home of a filesystem; without a controller when it is forced, and then also with a log that others may have
 * acknowledged more than, if no machine that has all is reached. This process is replaced by one that is the home. Faults: NotFound,
 * NotInSync, Busy, NoController.
 */
export async function promote(
  parts: PromoteParts,
  { filesystem, isForced }: { readonly filesystem: string; readonly isForced: boolean },
  signal: AbortSignal,
): Promise<Promoted> {
  const { replication } = parts
  const { own } = parts.peers.machines
  const was = replication?.records.of(filesystem)
  if (replication === undefined || was === undefined) throw notFound(filesystem)
  const told = { home: own, before: was.home }
  const isHere = was.home === own && !replication.lacks.includes(filesystem)
  if (isHere && !isForced) return { ...told, epoch: was.epoch }
  const endsIn = isHere ? undefined : await lastEpoch({ ...parts, replication }, { was, isForced }, signal)
  if (isForced) {
    const epoch = was.epoch + forcedStep(was, own)
    await replication.records.force({ name: filesystem, home: own, epoch, inSync: [own] })
    if (endsIn === undefined) return { ...told, epoch }
    parts.world.log.warn('what was acknowledged later than this log ends may be lost', { filesystem, epoch: endsIn })
    return { ...told, epoch, endsIn }
  }
  await syncFirst(parts, filesystem, signal)
  const now = replication.records.of(filesystem) ?? was
  const epoch = now.epoch + 1
  const next = { name: filesystem, home: own, epoch, inSync: [own, ...othersInSync(parts, now)] }
  const agreed = await replication.records.set({ filesystem, was: now, next }, signal)
  if (agreed?.home === own) return { ...told, epoch: agreed.epoch }
  throw mainFault('Busy', `the home of ${filesystem} was changed at the same moment: it is ${agreed?.home ?? 'gone'}`, {
    hint: 'Look where it is with `cairn fs ls`, then try again.',
  })
}

// The home before may be out of the cloud for good.
function othersInSync({ peers }: Pick<PromoteParts, 'peers'>, { inSync }: MapFilesystem): readonly string[] {
  const { own, map } = peers.machines
  return inSync.filter(name => name !== own && map.machines.some(machine => machine.name === name))
}

// Of machines that are forced at the same time each takes another epoch, above the one that a controller would give; those that are not
// in the set, by their names.
function forcedStep({ inSync }: MapFilesystem, own: string): number {
  const at = inSync.indexOf(own)
  if (at >= 0) return 1 + (at > 0 ? at : inSync.length)
  return 2 + IN_SYNC_MAX + createHash('sha256').update(own).digest().readUIntBE(0, STRANGER_BYTES)
}

/** The epoch that the log here ends in, when others may have acknowledged more; undefined: all is here. Fault: NotInSync. */
async function lastEpoch(
  parts: Omit<PromoteParts, 'replication'> & { readonly replication: NonNullable<PromoteParts['replication']> },
  { was, isForced }: { readonly was: MapFilesystem; readonly isForced: boolean },
  signal: AbortSignal,
): Promise<number | undefined> {
  const { own } = parts.peers.machines
  const log = await parts.replication.hasLog(was.name)
  // A home before that is still in sync has all that was acknowledged: since then nothing was, without it.
  if (log !== undefined && was.inSync.includes(own)) return undefined
  const endsIn = log?.epochs.at(-1)?.epoch
  if (endsIn !== undefined && isForced) {
    const better = await membersWithLog(parts, was, signal)
    if (better.length === 0) return endsIn
    throw notInSync(own, was, `Do this on a machine that has: ${better.join(', ')}.`)
  }
  throw notInSync(own, was, hintOf(own, was, endsIn))
}

function hintOf(own: string, { name, home, inSync }: MapFilesystem, endsIn: number | undefined): string {
  const others = inSync.filter(each => each !== home && each !== own)
  if (home === own && others.length === 0) return 'Do this with --force on a machine that was its home before.'
  const hint =
    others.length > 0 ? `Do this on a machine that has: ${others.join(', ')}.` : `Only ${home} has: start it again.`
  if (endsIn === undefined) return hint
  return `${hint} If that cannot be, \`cairn fs promote ${name} --force\` makes do with what is here, up to epoch ${endsIn}.`
}

// Those in sync that answer and do not say that they lack it, and later homes that they know.
async function membersWithLog(
  { world, peers }: Pick<PromoteParts, 'world' | 'peers'>,
  { name, epoch, inSync }: MapFilesystem,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { machines } = peers
  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const late = world.clock.sleep(HOMES_HEARD_MS, ending).then(() => over.abort())
  const asked = inSync.map(async each => {
    if (each === machines.own) return []
    const { records, lacks = [] } = await (await machines.connect(each, ending)).call(logHomes, { records: [] }, ending)
    const later = records.find(record => record.name === name && record.epoch > epoch)
    if (later !== undefined) return [later.home]
    return lacks.includes(name) ? [] : [each]
  })
  const answers = await Promise.allSettled(asked)
  over.abort()
  await late.catch(() => undefined)
  signal.throwIfAborted()
  return answers.flatMap(each => (each.status === 'fulfilled' ? each.value : []))
}

function notInSync(own: string, { name }: MapFilesystem, hint: string): Error {
  return mainFault('NotInSync', `${own} does not have all that was acknowledged of ${name}`, { hint })
}

// What this machine has written goes along, when the home before still answers.
async function syncFirst(
  { filesystems, world }: Pick<PromoteParts, 'filesystems' | 'world'>,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController()
  const late = world.clock.sleep(PROMOTE_SYNC_MS, AbortSignal.any([over.signal, signal])).catch(() => undefined)
  const synced = Promise.resolve().then(() => filesystems.use(name).sync())
  await Promise.race([synced.catch(() => undefined), late])
  over.abort()
}

function notFound(name: string): Error {
  return mainFault('NotFound', `no machine of the cloud is known to have the filesystem ${name}`, {
    hint: '`cairn fs ls` lists them.',
  })
}

// Of the hash of a name, which no other machine of the cloud has: two of them agree in these bytes with a chance of 6e-8.
const STRANGER_BYTES = 3
