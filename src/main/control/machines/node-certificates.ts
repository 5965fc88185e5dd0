import { subjectOf } from '#cluster'
import type { NodeRole, SigningRequest } from '#identity'
import { NODE_CERTIFICATE_MS } from '../../limits.ts'
import type { Issuing, Redeemed } from '../issuing.ts'
import type { Revocations } from '../revocations.ts'

/** For which machine a certificate is. */
export interface NodeWish {
  readonly name: string
  readonly role: NodeRole
  readonly publicKey: SigningRequest['publicKey']
  /** By what it is asked for, for people. */
  readonly from: string
  /** The token that it uses up. */
  readonly redeemed?: Redeemed | undefined
}

/** A certificate of a machine: it calls others and is called, and serves for the API too. */
export async function issueNode(issuing: Issuing, { name, role, ...wish }: NodeWish, signal: AbortSignal) {
  const { name: user, groups } = subjectOf({ name, isController: role === 'controller' })
  return issuing.issue({ ...wish, user, groups, usage: 'node' }, signal, NODE_CERTIFICATE_MS)
}

/** Revokes all certificates that a machine of this name has. */
export async function endCertificatesOf(
  name: string,
  { issuing, revocations }: { readonly issuing: Issuing; readonly revocations: Revocations },
  signal: AbortSignal,
): Promise<void> {
  const { name: user } = subjectOf({ name, isController: false })
  for (const entry of await issuing.list(signal)) {
    if (entry.user !== user || revocations.has(entry.serial)) continue
    await revocations.revoke(entry.serial, `${name} was taken in anew`, signal)
  }
}
