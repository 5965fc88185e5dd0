import { isFault, type World } from '#base'
import { ETCD_KEEP_ALIVE } from '../limits.ts'
import { Cluster } from './cluster.ts'
import type { EtcdOptions } from './open.ts'
import { Cluster as Members, type Member } from './proto/member-pb.ts'

/** A member of an etcd. */
export interface EtcdMember {
  /** Hexadecimal. */
  readonly id: string
  /** '' until it has started for the first time. */
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  /** It gets all that is written, and has no vote yet. */
  readonly isLearner: boolean
}

/** Who makes up an etcd; see {@link openEtcdMembers}. */
export interface EtcdMembers extends Disposable {
  list(signal: AbortSignal): Promise<readonly EtcdMember[]>
  /** Adds a learner. Faults: those of {@link openEtcdKeyspace}; Unavailable when etcd takes none now. */
  add(peerUrl: string, signal: AbortSignal): Promise<void>
  /** Is reached elsewhere from now on. */
  move(id: string, peerUrl: string, signal: AbortSignal): Promise<void>
  /** Takes a member out; nothing happens when it is gone. */
  remove(id: string, signal: AbortSignal): Promise<void>
  /** Gives a learner its vote; false while it does not have everything yet. */
  promote(id: string, signal: AbortSignal): Promise<boolean>
}

/** Where the members are asked. */
export type EtcdMembersOptions = Pick<EtcdOptions, 'endpoints' | 'tls'> & { readonly world: World }

/** Looks after the members of an etcd. Loads what it needs only when called: most processes never do. */
export function openEtcdMembers({ world, endpoints, tls = {} }: EtcdMembersOptions): EtcdMembers {
  const cluster = new Cluster(world, { endpoints, tls, keepAlive: ETCD_KEEP_ALIVE })
  const { memberAdd, memberList, memberPromote, memberRemove, memberUpdate } = Members.method
  return {
    async list(signal) {
      const { members } = await cluster.call({ method: memberList, message: {}, twiceIsOnce: true }, signal)
      return members.map(memberOf)
    },
    async add(peerUrl, signal) {
      const message = { peerURLs: [peerUrl], isLearner: true }
      await cluster.call({ method: memberAdd, message, twiceIsOnce: false }, signal)
    },
    async move(id, peerUrl, signal) {
      const message = { ID: numberOf(id), peerURLs: [peerUrl] }
      await cluster.call({ method: memberUpdate, message, twiceIsOnce: true }, signal)
    },
    async remove(id, signal) {
      const call = { method: memberRemove, message: { ID: numberOf(id) }, twiceIsOnce: true }
      await cluster.call(call, signal).catch(unless(['member not found']))
    },
    async promote(id, signal) {
      const call = { method: memberPromote, message: { ID: numberOf(id) }, twiceIsOnce: true }
      const isDone = await cluster
        .call(call, signal)
        .then(() => true, unless(['can only promote a learner', 'member not found']))
      return isDone === true
    },
    [Symbol.dispose]: () => cluster[Symbol.dispose](),
  }
}

// What etcd says (3.4, etcdserver/api/v3rpc/rpctypes/error.go) of what is done already, or not to be done yet.
function unless(texts: readonly string[]): (error: unknown) => false {
  return error => {
    if (isFault(error) && texts.some(text => error.message.includes(text))) return false
    throw error
  }
}

function memberOf({ ID, name, peerURLs, clientURLs, isLearner }: Member): EtcdMember {
  return { id: hexOf(ID), name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner }
}

function hexOf(id: bigint): string {
  return id.toString(16)
}

function numberOf(id: string): bigint {
  return BigInt(`0x${id}`)
}
