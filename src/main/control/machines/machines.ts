import type { Storage } from '#controllers'
import type { Keyspace } from '#keyspace'
import { storageOver } from '../storage-door.ts'
import { homeHandlers } from './homes.ts'
import { type Membership, type MembershipParts, openMembership } from './membership.ts'
import { type OpenCluster, openCluster } from './open.ts'

/** What machines are let in and looked after with. */
export type MachinesParts = Omit<MembershipParts, 'keptMap'> & { readonly keyspace: Keyspace }

/** The machines of the cloud, this one among them. */
export interface OpenMachines extends AsyncDisposable, Pick<Membership, 'renew' | 'handlers'> {
  readonly cluster: OpenCluster
  /** The storage of this machine, under the name that it has in the cloud. */
  readonly storage: Storage
}

/** Makes this machine a member of its cloud, then looks after all of them. Faults: Occupied, BadMap, those of the keyspace. */
export async function openMachines(parts: MachinesParts, signal: AbortSignal): Promise<OpenMachines> {
  await using opening = new AsyncDisposableStack()
  const keptMap: MembershipParts['keptMap'] = async given => (await cluster.keptMap(given)).map
  const membership = opening.use(await openMembership({ ...parts, keptMap }, signal))
  const own = membership.node.name
  const cluster = opening.use(await openCluster({ ...parts, own }, signal))
  const all = opening.move()
  return {
    cluster,
    storage: storageOver(parts.call, own),
    renew: () => membership.renew(),
    handlers: [...membership.handlers, ...homeHandlers(cluster.stored)],
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
