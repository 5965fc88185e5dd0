import {
  type CertificateParts,
  certificates,
  deviceCertificates,
  EXCHANGE_AUDIENCE,
  EXCHANGE_ISSUER,
  type Exchanger,
  exchangeToken,
  type ObjectStore,
  type OrderPath,
  tokenRequests,
  tokenReviews,
} from '#api'
import type { World } from '#base'
import {
  type Authenticator,
  DEVICE_USER,
  exchangedTokenAuthenticator,
  type FindBound,
  firstToKnow,
  serviceAccountAuthenticator,
  type TokenSigner,
} from '#identity'
import { isJsonObject, jsonAt, RESOURCES, type Resource } from '#schema'
import type { Issuing } from './issuing.ts'
import { type KeptTokens, keptTokens } from './kept-tokens.ts'

/** Who signs the tokens of service accounts. */
export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc'
// Whom they are for when nobody says.
const AUDIENCES = [SERVICE_ACCOUNT_ISSUER, 'cairn']

/** What credentials are made of and looked up in. */
export interface CredentialParts {
  readonly world: World
  readonly store: ObjectStore
  readonly signer: TokenSigner
  readonly issuing: Issuing
}

/** Everything about tokens and asking for certificates that the API is put together with. */
export interface Credentials {
  /** Who shows a token. */
  readonly knows: Authenticator
  readonly tokens: KeptTokens
  readonly orders: readonly OrderPath[]
  readonly exchange: (exchanger: Exchanger) => Promise<Response>
}

/** Puts tokens and certificates together. */
export function credentials(parts: CredentialParts): Credentials {
  const { world, store, signer } = parts
  const { clock } = world
  const find: FindBound = (kind, place, signal) => store.find(resourceOf('', kind), place, signal)
  const tokens = keptTokens({ world, store }, resourceOf('', 'Secret'))
  const exchanged = exchangedTokenAuthenticator({ signer, issuer: EXCHANGE_ISSUER, audience: EXCHANGE_AUDIENCE })
  const programs = (audiences: readonly string[]) =>
    serviceAccountAuthenticator({ clock, signer, issuer: SERVICE_ACCOUNT_ISSUER, audiences, find })
  const ordered = certificateParts(parts, tokens)
  return {
    tokens,
    knows: firstToKnow([programs(AUDIENCES), tokens.knows, exchanged]),
    orders: [
      tokenRequests({ signer, issuer: SERVICE_ACCOUNT_ISSUER, audiences: [SERVICE_ACCOUNT_ISSUER], find }),
      tokenReviews({ knows: programs, audiences: AUDIENCES }),
      certificates(ordered),
      deviceCertificates(ordered),
    ],
    exchange: exchanger => exchangeToken({ signer, knows: tokens.knows }, exchanger),
  }
}

function certificateParts({ world, store, issuing }: CredentialParts, tokens: KeptTokens): CertificateParts {
  const nowMs = () => Number(world.clock.wallNs() / 1_000_000n)
  const devices = resourceOf('nanocloud.io', 'Device')
  return {
    issue: (wish, signal) => issuing.issue(wish, signal),
    grantOf: (id, signal) => tokens.grantOf(id, signal),
    useUp: (grant, signal) => tokens.useUp(grant, signal),
    async noteDevice({ namespace, hash }, issued, signal) {
      const device = await store.get(devices, { namespace, name: `device-${hash}` }, signal)
      if (issued === undefined) return
      const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`
      const certificate = { certificateIssuedAt: time(issued.issuedMs), certificateExpiresAt: time(issued.expiresMs) }
      const before = jsonAt(device, 'status')
      const status = { ...(isJsonObject(before) ? before : {}), ...certificate, lastSeen: time(nowMs()) }
      await store.replace(devices, device, { ...device, status }, signal)
    },
  }
}

/** True for a device that reads its own record, which no role can say. */
export function isOwnRecord(
  { name: caller }: { readonly name: string },
  attempt: {
    readonly kind: string
    readonly verb: string
    readonly group?: string
    readonly plural?: string
    readonly name?: string | undefined
  },
): boolean {
  return (
    caller.startsWith(DEVICE_USER) &&
    attempt.kind === 'resource' &&
    attempt.verb === 'get' &&
    attempt.group === 'nanocloud.io' &&
    attempt.plural === 'devices' &&
    attempt.name === `device-${caller.slice(DEVICE_USER.length)}`
  )
}

function resourceOf(group: string, kind: string): Resource {
  const found = RESOURCES.find(each => each.group === group && each.kind === kind)
  if (found === undefined) throw new Error(`there is no kind ${kind}`)
  return found
}
