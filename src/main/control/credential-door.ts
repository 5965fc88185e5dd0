import type { World } from '#base'
import {
  type Authority,
  authorityFingerprint,
  BOOTSTRAP_NAMESPACE,
  type BootstrapGrant,
  bootstrapGrant,
  bootstrapSecret,
  bootstrapSecretName,
  bootstrapTokenText,
  newBootstrapToken,
} from '#identity'
import {
  answerUnary,
  certificateList,
  type Handler,
  message,
  type TokenRow,
  tokenCreate,
  tokenList,
  tokenRevoke,
} from '#rpc'
import { isKubeObject, listAt } from '#schema'
import { mainFault } from '../faults.ts'
import type { Issuing } from './issuing.ts'
import { askLocally, type LocalFetch, refusedLocally } from './local-api.ts'
import type { Revocations } from './revocations.ts'

/** What tokens and certificates are looked after with. */
export interface CredentialDoorParts {
  readonly world: World
  readonly fetch: LocalFetch
  readonly authority: Authority
  readonly issuing: Issuing
  readonly revocations: Revocations
  readonly url: string
}

const NAME = 'system:cairn:owner'
const SECRETS = `/api/v1/namespaces/${BOOTSTRAP_NAMESPACE}/secrets`
const TOKENS = `${SECRETS}?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken`

/** Tokens and certificates at the local door. */
export function credentialHandlers(parts: CredentialDoorParts): readonly Handler[] {
  const { world, fetch, authority, issuing, revocations, url } = parts
  const nowMs = () => Number(world.clock.wallNs() / 1_000_000n)
  return [
    answerUnary(tokenCreate, async ({ user, seconds, isSingleUse, description }) => {
      if (user?.startsWith('system:') === true) {
        throw mainFault('Invalid', `user: "${user}" is a name of the system`, {
          hint: 'Choose a name that does not begin with `system:`.',
        })
      }
      const token = newBootstrapToken(world.entropy, authorityFingerprint(authority.certificatePem))
      const grant = { expiresMs: nowMs() + seconds * 1000, groups: [], user, isSingleUse, description }
      const answer = await askLocally(fetch, NAME, {
        method: 'POST',
        path: SECRETS,
        body: bootstrapSecret(token, grant),
      })
      if (answer.status !== 201) throw refusedLocally(answer)
      return message({ token: bootstrapTokenText(token), row: rowOf({ ...grant, ...token }), url })
    }),
    answerUnary(tokenList, async () => {
      const answer = await askLocally(fetch, NAME, { method: 'GET', path: TOKENS })
      if (answer.status !== 200) throw refusedLocally(answer)
      const secrets = listAt(answer.body, 'items').filter(isKubeObject)
      const grants = secrets.flatMap(secret => bootstrapGrant(secret, nowMs()) ?? [])
      return message({ tokens: grants.map(rowOf) })
    }),
    answerUnary(tokenRevoke, async ({ id }) => {
      const path = `${SECRETS}/${encodeURIComponent(bootstrapSecretName(id))}`
      const answer = await askLocally(fetch, NAME, { method: 'DELETE', path })
      if (answer.status === 404) {
        throw mainFault('NotFound', `there is no token ${id}`, { hint: 'See which there are: cairn token ls' })
      }
      if (answer.status !== 200) throw refusedLocally(answer)
      return message(undefined)
    }),
    answerUnary(certificateList, async (_, { signal }) => {
      const entries = await issuing.list(signal)
      return message({ certificates: entries.map(each => ({ ...each, isRevoked: revocations.has(each.serial) })) })
    }),
  ]
}

function rowOf({ id, user, expiresMs, isSingleUse, description }: Omit<BootstrapGrant, 'secret' | 'groups'>): TokenRow {
  return { id, user, expiresMs, isSingleUse, description }
}
