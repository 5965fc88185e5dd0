import { type World, whyOf } from '#base'
import { askNodes, type NodeIdentity, type NodeMap } from '#cluster'
import type { Authority, MasterKey } from '#identity'
import type { Handler } from '#rpc'
import type { Issuing } from '../issuing.ts'
import type { KeptTokens } from '../kept-tokens.ts'
import type { LocalFetch } from '../local-api.ts'
import type { Revocations } from '../revocations.ts'
import type { DoorCall } from '../storage-door.ts'
import { admissionHandlers } from './admission.ts'
import { knockHandlers } from './knocking.ts'
import { Knocks } from './knocks.ts'
import { keepOwnNode } from './own-node.ts'
import { StorageTold } from './storage-told.ts'

/** What a control plane keeps its machine in the cloud with, and lets others in. */
export interface MembershipParts {
  readonly world: World
  readonly dataFolder: string
  readonly fetch: LocalFetch
  readonly authority: Authority
  readonly issuing: Issuing
  readonly revocations: Revocations
  readonly tokens: KeptTokens
  /** The storage process of this machine. */
  readonly call: DoorCall
  /** What people want this machine to be called. */
  readonly wanted: string | undefined
  /** True when other machines may be at work on the same keyspace. */
  readonly isShared: boolean
  /** True unless the control plane is in an etcd that people run. */
  readonly takesControllers: boolean
  /** The master key of the moment. */
  readonly master: () => MasterKey
  /** The map as it is kept; undefined: there is none yet. */
  readonly keptMap: (signal: AbortSignal) => Promise<NodeMap | undefined>
}

/** This machine in its cloud. */
export interface Membership extends AsyncDisposable {
  readonly node: NodeIdentity
  /** Looks whether its certificate is due, or was revoked. */
  renew(): Promise<void>
  /** Answers machines that want to be let in. */
  readonly handlers: readonly Handler[]
}

/** Makes this machine a member of its own cloud, and keeps it one. Faults: Occupied. */
export async function openMembership(parts: MembershipParts, signal: AbortSignal): Promise<Membership> {
  const { world, dataFolder, revocations } = parts
  const told = new StorageTold(dataFolder, world)
  const { node, isChanged } = await keepOwnNode(parts, signal)
  if (isChanged) told.tell()
  let renewing: Promise<unknown> = Promise.resolve()
  const renew = async (): Promise<void> => {
    const next = renewing.then(() => keepOwnNode(parts, signal))
    renewing = next.catch(() => undefined)
    if ((await next).isChanged) told.tell()
  }
  revocations.onRevoked(() => {
    renew().catch((error: unknown) =>
      world.log.warn('the certificate of this machine is not kept', { why: whyOf(error) }),
    )
  })
  const knocks = new Knocks({ world, fingerprint: node.cloud })
  const mapNow = async (given: AbortSignal) => (await parts.keptMap(given)) ?? firstMap(parts, node, given)
  return {
    node,
    renew,
    handlers: [
      ...admissionHandlers({ ...parts, own: node.name, mapNow }),
      ...knockHandlers({ ...parts, own: node.name, mapNow, knocks }),
    ],
    async [Symbol.asyncDispose]() {
      await renewing
      await told[Symbol.asyncDispose]()
    },
  }
}

// Of a cloud whose map nobody has computed yet: where this machine is.
async function firstMap({ call }: MembershipParts, node: NodeIdentity, signal: AbortSignal): Promise<NodeMap> {
  const { nodes } = await call(signal, client => askNodes(client, signal))
  const { zone = '', addresses = [] } = nodes.find(({ isOwn }) => isOwn) ?? {}
  const own = { name: node.name, role: node.role, zone, addresses, state: 'Online', disks: [] } as const
  return {
    version: 0,
    cloud: node.cloud,
    level: 1,
    groups: 1,
    machines: [own],
    pools: [],
    filesystems: [],
    revoked: [],
    isShared: false,
  }
}
