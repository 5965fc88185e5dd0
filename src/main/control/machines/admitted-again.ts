import { createHash, webcrypto } from 'node:crypto'
import { type NodeRole, CONTROLLERS_GROUP, type SigningRequest } from '#identity'
import type { Issuing, Redeemed } from '../issuing.ts'
import type { Revocations } from '../revocations.ts'

/** What shows that a machine was let in before with a token: its name, the id of the token, and the key it has. */
export interface Shown {
  readonly user: string
  readonly token: string
  readonly publicKey: SigningRequest['publicKey']
}

/**
 * The role in which a key was let in with a token that is used up since: the answer may never have arrived. Undefined: no such
 * key was, or the token would have expired by now, or what the key got was revoked.
 */
export async function admittedBefore(
  {
    issuing,
    revocations,
    nowMs,
  }: { readonly issuing: Issuing; readonly revocations: Revocations; readonly nowMs: number },
  { user, token, publicKey }: Shown,
  signal: AbortSignal,
): Promise<NodeRole | undefined> {
  const key = await keyText(publicKey)
  const found = (await issuing.list(signal)).find(entry => {
    const { redeemed } = entry
    const isThis = entry.user === user && redeemed?.token === token && redeemed.key === key
    return isThis && nowMs < redeemed.untilMs && !revocations.has(entry.serial)
  })
  if (found === undefined) return undefined
  return found.groups.includes(CONTROLLERS_GROUP) ? 'controller' : 'node'
}

/** What is remembered of a token with the certificate that it was good for. */
export async function redeemedBy(
  { id, expiresMs }: { readonly id: string; readonly expiresMs: number | undefined },
  publicKey: SigningRequest['publicKey'],
): Promise<Redeemed> {
  return { token: id, key: await keyText(publicKey), untilMs: expiresMs ?? Number.MAX_SAFE_INTEGER }
}

/** SHA-256 of a public key (SubjectPublicKeyInfo), base64url. */
export async function keyText(publicKey: SigningRequest['publicKey']): Promise<string> {
  const bytes = new Uint8Array(await webcrypto.subtle.exportKey('spki', publicKey))
  return createHash('sha256').update(bytes).digest('base64url')
}
