import { clusterFault } from './faults.ts'
import type { MapFilesystem, NodeMap } from './node-map.ts'

/** One filesystem's record as it was seen, and as it is to be; undefined: there is none. */
export interface HomeChange {
  readonly filesystem: string
  readonly was?: MapFilesystem | undefined
  readonly next?: MapFilesystem | undefined
  /** People have decided on the machine that asks, without a controller: it is home although another may have acknowledged more. */
  readonly isForced?: boolean | undefined
}

/** The record of a filesystem in a map. */
export function homeOf({ filesystems }: Pick<NodeMap, 'filesystems'>, name: string): MapFilesystem | undefined {
  return filesystems.find(each => each.name === name)
}

/** True when two records say the same. */
export function isSameHome(a: MapFilesystem | undefined, b: MapFilesystem | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const isAlike = a.name === b.name && a.home === b.home && a.epoch === b.epoch
  return isAlike && a.inSync.length === b.inSync.length && a.inSync.every((each, index) => each === b.inSync[index])
}

/**
 * The filesystems of a map after a change by a machine, or, with `caller` undefined, by who decides for the cloud; undefined when
 * the record is another than was seen. In its epoch only the home changes who has its log; the next home is one that has it
 * and has a higher epoch, or one that people have forced. Faults: NotHome.
 */
export function changedHomes(
  map: Pick<NodeMap, 'filesystems' | 'machines'>,
  { filesystem, was, next, isForced = false }: HomeChange,
  caller: string | undefined,
): readonly MapFilesystem[] | undefined {
  const now = homeOf(map, filesystem)
  if (isSameHome(now, next)) return map.filesystems
  if (!isSameHome(now, was)) return undefined
  if (next !== undefined) checkRecord(map, filesystem, next)
  const why = isForced && isLater(was, next) && caller === next?.home ? undefined : refusal(was, next, caller)
  if (why !== undefined) throw clusterFault('NotHome', `the home of ${filesystem} stays as it is: ${why}`)
  const others = map.filesystems.filter(({ name }) => name !== filesystem)
  return next === undefined ? others : [...others, next].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function checkRecord({ machines }: Pick<NodeMap, 'machines'>, filesystem: string, next: MapFilesystem): void {
  const { name, home, inSync } = next
  const isWhole = name === filesystem && inSync[0] === home && new Set(inSync).size === inSync.length
  const gone = inSync.find(each => !machines.some(machine => machine.name === each))
  if (isWhole && gone === undefined) return
  const why = gone === undefined ? 'a record begins with its home and names each machine once' : `${gone} is no machine`
  throw clusterFault('NotHome', `the home of ${filesystem} stays as it is: ${why}`)
}

function isLater(was: MapFilesystem | undefined, next: MapFilesystem | undefined): boolean {
  return next !== undefined && next.epoch > (was?.epoch ?? 0)
}

function refusal(
  was: MapFilesystem | undefined,
  next: MapFilesystem | undefined,
  caller: string | undefined,
): string | undefined {
  if (next === undefined) {
    return caller === undefined || caller === was?.home ? undefined : `${caller} is not the home`
  }
  if (caller !== undefined && caller !== next.home) return `${caller} cannot speak for ${next.home}`
  if (was === undefined) return next.inSync.length === 1 ? undefined : 'at first only the home has the log'
  if (next.epoch < was.epoch) return `epoch ${next.epoch} is over, it is ${was.epoch} now`
  if (next.epoch > was.epoch) {
    const stranger = next.inSync.find(each => !was.inSync.includes(each))
    return stranger === undefined ? undefined : `${stranger} may lack what was acknowledged`
  }
  if (next.home !== was.home) return `epoch ${was.epoch} is that of ${was.home}`
  return caller === undefined ? 'only the home knows who has its log' : undefined
}
