import { isFault } from '#base'
import { type Access, authorityByFingerprint, Client, openHttpsTransport } from '#client'
import { kubeconfigText } from '#rpc'
import { textAt } from '#schema'
import type { Context } from './context.ts'
import { cliFault } from './faults.ts'
import { newSigningRequest } from './local/signing-request.ts'

/** What a token is exchanged with. */
export interface ByToken {
  /** ID.SECRET.FINGERPRINT, as `cairn token create` shows it. */
  readonly token: string
  /** `https://HOST:PORT`. */
  readonly url: string
  readonly user: string
  /** Where the record of a device lies; `default` when it is not said. */
  readonly namespace?: string | undefined
}

/**
 * A kubeconfig for who has a token: the server is known by the fingerprint in it, a key is made here, and the token is used up
 * by the certificate. Faults: Usage, Unreachable, Refused.
 */
export async function kubeconfigByToken(
  context: Context,
  { token, url, user, namespace = 'default' }: ByToken,
): Promise<string> {
  const [, bearer = '', fingerprint = ''] = /^([a-z0-9]{6}\.[a-z0-9]{16})\.([\w-]{43})$/.exec(token) ?? []
  if (bearer === '') {
    throw cliFault('Usage', '--token: it is no whole token', { hint: 'Copy all of what `cairn token create` shows.' })
  }
  const authorityPem = await authorityByFingerprint(url, fingerprint)
  const { requestPem, keyPem } = await newSigningRequest(user)
  const path = user.startsWith('device:')
    ? `/apis/nanocloud.io/v1/namespaces/${encodeURIComponent(namespace)}/devices/certificates`
    : '/apis/nanocloud.io/v1/certificates'
  const body = { apiVersion: 'nanocloud.io/v1', kind: 'Certificate', spec: { csr: requestPem } }
  const access: Access = { url, authorityPem, serverName: undefined, credential: { kind: 'token', token: bearer } }
  await using https = openHttpsTransport(access, context.host.clock)
  const client = new Client({ transport: https.transport, clock: context.host.clock })
  const answer = await client.request({ method: 'POST', path, body }, context.signal).catch(refused)
  const certificatePem = textAt(answer, 'status', 'certificate') ?? ''
  return kubeconfigText({ url, authorityPem, user, certificatePem, keyPem })
}

// To who has no other credential the server says no more than that this one does not hold.
function refused(error: unknown): never {
  if (!isFault(error, 'Unauthorized')) throw error
  throw cliFault('Refused', 'the token does not hold: it was used, has expired, was revoked, or is not whole', {
    hint: 'Ask for another: `cairn token create --user NAME` makes it where Cairn runs.',
    cause: error,
  })
}
