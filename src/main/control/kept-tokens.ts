import { apiFault, type ObjectStore } from '#api'
import { isFault, type World } from '#base'
import {
  Attempts,
  type Authenticator,
  BOOTSTRAP_NAMESPACE,
  type BootstrapGrant,
  bootstrapGrant,
  bootstrapSecretName,
  bootstrapTokenAuthenticator,
} from '#identity'
import type { KubeObject, Resource } from '#schema'

/** Bootstrap tokens as they are kept. */
export interface KeptTokens {
  /** Who shows one that holds. Faults: TooManyRequests. */
  readonly knows: Authenticator
  /** What the token with this id grants now. */
  grantOf(id: string, signal: AbortSignal): Promise<BootstrapGrant | undefined>
  /** Uses up a token that is good for once. Faults: Unauthorized when somebody else has. */
  useUp(grant: Pick<BootstrapGrant, 'id'>, signal: AbortSignal): Promise<void>
}

/** The tokens whose Secrets are in a store. */
export function keptTokens(
  { world: { clock }, store }: { readonly world: Pick<World, 'clock'>; readonly store: ObjectStore },
  secrets: Resource,
): KeptTokens {
  const secretOf = (id: string, signal: AbortSignal): Promise<KubeObject | undefined> =>
    store.find(secrets, { namespace: BOOTSTRAP_NAMESPACE, name: bootstrapSecretName(id) }, signal)
  return {
    knows: bootstrapTokenAuthenticator({ clock, attempts: new Attempts(clock), secretOf }),
    async grantOf(id, signal) {
      const secret = await secretOf(id, signal)
      return secret === undefined ? undefined : bootstrapGrant(secret, Number(clock.wallNs() / 1_000_000n))
    },
    async useUp({ id }, signal) {
      const secret = await secretOf(id, signal)
      try {
        if (secret !== undefined) return void (await store.remove(secrets, secret, secret, signal))
      } catch (error) {
        if (!isFault(error, 'Conflict')) throw error
      }
      throw apiFault('Unauthorized', 'the token is used up; make another: cairn token create')
    },
  }
}
