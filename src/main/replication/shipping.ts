import type { World } from '#base'
import type { Machines, NodeMap } from '#cluster'
import { beginEpoch, epochsOf, type LocalKeyspace, LogShipper, openCheckpoint } from '#keyspace'
import { standbyLine } from './line.ts'
import type { HomeRecords } from './records.ts'

/** What logs are shipped with. */
export interface ShippingParts {
  readonly world: World
  readonly machines: Machines
  readonly records: HomeRecords
  readonly bootId: string
  /** Hears that a filesystem has a later home. */
  deposed(filesystem: string, error: Error): void
}

/** A home's log on its way to other machines; the epoch has begun in it. */
export interface Shipping extends AsyncDisposable {
  readonly shipper: LogShipper
  readonly epoch: number
  /** What this machine is called. */
  readonly own: string
}

/** Begins the epoch of the home here in its log, and ships it from now on. Faults: OldEpoch. */
export function shipLog(
  { world, machines, records, bootId, deposed }: ShippingParts,
  { name, folder, keyspace }: { readonly name: string; readonly folder: string; readonly keyspace: LocalKeyspace },
): Shipping {
  const record = records.of(name)
  // A later home may have been heard of since this machine was found to be it: that epoch is not begun here.
  const isHome = record === undefined || record.home === machines.own
  const epoch = (isHome ? record?.epoch : epochsOf(keyspace).at(-1)?.epoch) ?? 1
  beginEpoch(keyspace, { epoch, boot: bootId })
  const shipper = new LogShipper({
    world,
    // A machine that was alone is called otherwise once it is in a cloud.
    get own() {
      return machines.own
    },
    epoch,
    keyspace,
    checkpoint: () => openCheckpoint(world.disk, folder),
    line: machine => standbyLine(machines, name, machine),
    wanted: () => wantedLogs(machines, records.of(name) !== undefined),
    inSync: () => records.of(name)?.inSync ?? [machines.own],
    agree: (inSync, signal) => records.agree(name, epoch, inSync, signal),
    deposed: error => deposed(name, error),
  })
  return { shipper, epoch, own: machines.own, [Symbol.asyncDispose]: () => shipper[Symbol.asyncDispose]() }
}

/** As many machines as the pool has copies; those that can be called now first, of them controllers, since they stay. */
export function wantedLogs(machines: Pick<Machines, 'own' | 'map' | 'states'>, isKnown: boolean) {
  const { map } = machines
  if (!map.isShared || !isKnown) return { others: [], copies: 1, least: 1 }
  const { copies, least } = copiesOf(map)
  const online = new Map(machines.states().flatMap(each => (each.state === 'Online' ? [[each.name, each]] : [])))
  const usable = map.machines.filter(
    ({ name, state }) => online.has(name) && state !== 'Draining' && name !== machines.own,
  )
  const rank = ({ name, role }: NodeMap['machines'][number]) => {
    return (online.get(name)?.isConnected === true ? 0 : 2) + (role === 'controller' ? 0 : 1)
  }
  const others = [...usable].sort((a, b) => rank(a) - rank(b)).map(({ name }) => name)
  return { others, copies, least }
}

// As the pool counts copies of chunks: with fewer than its least nothing is called durable, whoever is away.
function copiesOf({ pools, machines }: Pick<NodeMap, 'pools' | 'machines'>) {
  const pool = pools.find(({ id }) => id === POOL)
  const count = machines.length
  const copies = pool?.policy === 'all' ? count : (pool?.replicas ?? (count > 1 ? 2 : 1))
  return { copies: Math.min(copies, count), least: Math.min(pool?.minReplicas ?? (count > 2 ? 2 : 1), copies) }
}

const POOL = 'default'
