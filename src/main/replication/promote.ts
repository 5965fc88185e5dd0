import type { World } from '#base'
import type { Machines, MapFilesystem } from '#cluster'
import { mainFault } from '../faults.ts'
import { PROMOTE_SYNC_MS } from '../limits.ts'
import type { Filesystems } from '../storage/filesystems.ts'
import type { Replication } from './replication.ts'

/** What a machine is made a home with. */
export interface PromoteParts {
  readonly world: Pick<World, 'clock'>
  readonly peers: { readonly machines: Pick<Machines, 'own' | 'map'> }
  readonly replication?: Pick<Replication, 'records' | 'standbys' | 'isRetired'> | undefined
  readonly filesystems: Pick<Filesystems, 'use'>
}

/** What became of the home of a filesystem. */
export interface Promoted {
  readonly home: string
  readonly before: string
  readonly epoch: number
}

/**
 * Makes this machine the home of a filesystem; without a controller when it is forced. This process is replaced by one that is. Faults:
 * NotFound, NotInSync, Busy, NoController.
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
  if (was.home === own && !isForced) return { ...told, epoch: was.epoch }
  await checkInSync(parts, was)
  if (isForced) {
    const epoch = was.epoch + forcedStep(was, own)
    await replication.records.force({ name: filesystem, home: own, epoch, inSync: [own] })
    return { ...told, epoch }
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

// Of machines that are forced at the same time each takes another epoch, above the one that a controller would give.
function forcedStep({ inSync }: MapFilesystem, own: string): number {
  const at = inSync.indexOf(own)
  return 1 + (at > 0 ? at : inSync.length)
}

async function checkInSync(
  { peers, replication }: Pick<PromoteParts, 'peers' | 'replication'>,
  { name, home, inSync }: MapFilesystem,
): Promise<void> {
  const { own } = peers.machines
  if (home === own) return
  const others = inSync.filter(each => each !== home)
  if (inSync.includes(own) && (await hasLog(replication, name))) return
  throw mainFault('NotInSync', `${own} does not have all that was acknowledged of ${name}`, {
    hint:
      others.length === 0
        ? `Only ${home} has: start it again.`
        : `Do this on a machine that has: ${others.join(', ')}.`,
  })
}

// A home before that is still in sync has all that was acknowledged: since then nothing was, without it.
async function hasLog(replication: PromoteParts['replication'], name: string): Promise<boolean> {
  if (replication?.isRetired(name) === true) return true
  return (await replication?.standbys.there(name))?.isWhole === true
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
