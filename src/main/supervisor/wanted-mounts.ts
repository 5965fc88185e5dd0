import { isFault, type World } from '#base'
import { despiteFullDisk } from '../full-disk.ts'
import type { MountOutcome } from './banner.ts'
import { readMountTable, type WantedMount, writeMountTable } from './mount-table.ts'
import { mountTarget } from './mount-target.ts'
import type { Mounts } from './mounts.ts'

/** What is known of the mounts of a start. */
export interface WantedMounts {
  readonly world: World
  readonly dataFolder: string
  readonly mounts: Pick<Mounts, 'mount'>
  /** Where `home` is mounted from now on; `false` mounts nothing this time. */
  readonly chosen: string | false | undefined
  /** Where `home` may be mounted when nobody ever said, the best first. */
  readonly usual: readonly [string, ...string[]]
}

/**
 * Mounts `home` where it was chosen, and what the table of mounts names. A chosen folder that is refused ends the
 * start and changes nothing; any other mount that fails is told, and the rest goes on without it.
 */
export async function mountWanted(wanted: WantedMounts): Promise<readonly MountOutcome[]> {
  const { dataFolder, mounts, chosen, usual, world } = wanted
  if (chosen === false) return []
  const known = readMountTable(dataFolder)
  const outcomes: MountOutcome[] = []
  if (chosen !== undefined) outcomes.push(await mountChosen(chosen, mounts))
  else if (known === undefined) outcomes.push(await tryMount(await usualMount(usual, dataFolder), mounts))
  const others = chosen === undefined ? known : known?.filter(({ filesystem }) => filesystem !== 'home')
  for (const mount of others ?? []) outcomes.push(await tryMount(mount, mounts))
  const table = withoutSeconds(outcomes)
  const isNews = JSON.stringify(known) !== JSON.stringify(table)
  if ((known === undefined || chosen !== undefined || table.length < known.length) && isNews) {
    await despiteFullDisk(dataFolder, world, () => writeMountTable(dataFolder, table))
  }
  return outcomes
}

// The first folder that can be mounted at: the best one may be a checkout of this very program.
async function usualMount(usual: WantedMounts['usual'], dataFolder: string): Promise<WantedMount> {
  for (const path of usual) {
    try {
      await mountTarget(path, dataFolder)
      return { filesystem: 'home', path }
    } catch (error) {
      if (!isFault(error)) throw error
    }
  }
  return { filesystem: 'home', path: usual[0] } // and is told why not
}

async function mountChosen(chosen: string, mounts: WantedMounts['mounts']): Promise<MountOutcome> {
  const outcome = await tryMount({ filesystem: 'home', path: chosen }, mounts)
  if (outcome.fault === undefined || outcome.fault.code === 'FuseUnavailable') return outcome
  throw outcome.fault
}

async function tryMount(wanted: WantedMount, mounts: WantedMounts['mounts']): Promise<MountOutcome> {
  try {
    return { mount: await mounts.mount(wanted) }
  } catch (error) {
    if (!isFault(error)) throw error
    return { mount: wanted, fault: error }
  }
}

// A table of an earlier version may name a filesystem twice: what is refused because of that is not tried again.
function withoutSeconds(outcomes: readonly MountOutcome[]): readonly WantedMount[] {
  const mounted = new Set(outcomes.filter(({ fault }) => fault === undefined).map(({ mount }) => mount.filesystem))
  const kept = outcomes.filter(({ mount, fault }) => fault === undefined || !mounted.has(mount.filesystem))
  return kept.map(({ mount }) => mount)
}
