import type { World } from '#base'
import type { Machines, MapFilesystem } from '#cluster'
import type { Filesystems } from '../storage/filesystems.ts'
import { logHomes } from './methods.ts'
import type { HomeRecords } from './records.ts'
import { becomeHome, type Standbys } from './standbys.ts'
import { HOMES_HEARD_MS } from '../limits.ts'

/** What this machine is for filesystems when its storage process starts. */
export interface Roles {
  /** Those whose home is here, with what they hold. */
  readonly here: readonly string[]
  /** Those it was the home of: what others do not have of them is still to be kept. */
  readonly retired: readonly string[]
}

/** What roles are decided with. */
export interface RolesParts {
  readonly world: World
  readonly dataFolder: string
  readonly machines: Machines
  readonly records: HomeRecords
  /** Those that are here are open. */
  readonly standbys: Pick<Standbys, 'isWhole' | 'give'>
}

/**
 * Decides by what is known of homes which filesystems are opened here; a standby that is to be the home becomes it, if it is whole: a
 * machine that has lost its disk is never the truth.
 */
export async function takeRoles(parts: RolesParts): Promise<Roles> {
  const { world, dataFolder, machines, records, standbys } = parts
  const own = (record: MapFilesystem | undefined) => record === undefined || record.home === machines.own
  await askMembers(parts)
  for (const record of records.all) {
    const isThere = world.disk.stat(`${dataFolder}/fs/${record.name}`) !== undefined
    if (!own(record) || isThere || !standbys.isWhole(record.name)) continue
    world.log.info('this machine is the home of a filesystem now', { filesystem: record.name, epoch: record.epoch })
    await standbys.give(record.name)
    await becomeHome(world, dataFolder, record.name)
  }
  const names = world.disk.list(`${dataFolder}/fs`).filter(name => !name.startsWith('.'))
  return {
    here: names.filter(name => own(records.of(name))),
    retired: names.filter(name => !own(records.of(name))),
  }
}

/** Runs `changed` once when what this machine is for a filesystem is no longer what it should be. */
export function watchRoles(
  {
    machines,
    records,
    standbys,
    filesystems,
  }: RolesParts & { readonly filesystems: Pick<Filesystems, 'all' | 'retired'> },
  changed: (filesystem: string) => void,
): Disposable {
  let isTold = false
  const look = (): void => {
    const other = records.all.find(({ name, home }) => {
      // Also one that was made by this process.
      const isHere = filesystems.all.some(each => each.name === name)
      if (home !== machines.own) return isHere
      if (filesystems.retired(name) !== undefined) return true
      return !isHere && standbys.isWhole(name)
    })
    if (other === undefined || isTold) return
    isTold = true
    changed(other.name)
  }
  const listening = records.onChange(look)
  look()
  return listening
}

// Who was away may be the home no longer: those who have its log know that.
async function askMembers({ world, machines, records }: RolesParts): Promise<void> {
  const over = new AbortController()
  const mine = records.all.filter(({ home }) => home === machines.own)
  const others = new Set(mine.flatMap(({ inSync }) => inSync).filter(name => name !== machines.own))
  if (others.size === 0) return
  const asked = Array.from(others, async name => {
    const client = machines.client(name) ?? (await machines.connect(name, over.signal))
    const told = await client.call(logHomes, { records: [...records.forced] }, over.signal)
    await records.take(told.records)
  })
  const late = world.clock.sleep(HOMES_HEARD_MS, over.signal).catch(() => undefined)
  await Promise.race([Promise.allSettled(asked), late])
  over.abort()
  await Promise.allSettled(asked)
}
