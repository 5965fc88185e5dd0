import type { ByteString, World } from '#base'
import type { Keyspace } from '../keyspace.ts'
import type { EtcdTls, KeepAlive } from './connection.ts'
import type { EtcdLogin } from './login.ts'

/** What a keyspace in etcd needs. */
export interface EtcdOptions {
  readonly world: World
  /** Members of one cluster, `http:` or `https:`; as a function they may change. */
  readonly endpoints: readonly URL[] | (() => readonly URL[])
  /** As a function it is asked again for each connection. */
  readonly tls?: EtcdTls | (() => EtcdTls) | undefined
  /**
   * What every key in etcd begins with, so that several clouds may share an etcd; may be empty. No prefix in use may begin
   * with another one.
   */
  readonly prefix: ByteString
  /** History is compacted when it is older; the whole etcd's. Kept when undefined. */
  readonly historyMs?: number | undefined
  readonly keepAlive?: KeepAlive | undefined
  /** For an etcd that wants a user and a password. */
  readonly login?: EtcdLogin | undefined
  /** Watches are told this often how far they have come; ETCD_PROGRESS_MS when undefined. */
  readonly progressMs?: number | undefined
}

/**
 * Opens the keyspace that an etcd of 3.4 or newer keeps under a prefix. Its revisions are those of the whole etcd, so they
 * have gaps where others write; a grant is no revision. A transaction whose answer is lost is the fault OutcomeUnknown,
 * never done twice. Faults: Unavailable, Refused, OldServer. Loads what it needs only now: most processes never do.
 */
export async function openEtcdKeyspace(options: EtcdOptions, signal: AbortSignal): Promise<Keyspace> {
  const { EtcdKeyspace } = await import('./etcd-keyspace.ts')
  const keyspace = new EtcdKeyspace(options)
  try {
    await keyspace.begin(signal)
    return keyspace
  } catch (error) {
    await keyspace[Symbol.asyncDispose]()
    throw error
  }
}
