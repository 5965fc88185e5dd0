import { assert, isFault } from '#base'
import {
  BOOTSTRAP_USER,
  type BootstrapGrant,
  type Caller,
  DEVICE_USER,
  readSigningRequest,
  type SigningRequest,
} from '#identity'
import { invalid, type JsonObject, RESOURCES, textAt } from '#schema'
import { apiFault } from '../faults.ts'
import { invalidFault } from '../refusal.ts'
import type { Order, OrderPath } from './order.ts'

/** What certificates for people and devices are made with. */
export interface CertificateParts {
  /** Signs a client certificate and remembers that it did. */
  readonly issue: (wish: CertificateWish, signal: AbortSignal) => Promise<IssuedCertificate>
  /** What the token with this id grants now. */
  readonly grantOf: (id: string, signal: AbortSignal) => Promise<BootstrapGrant | undefined>
  /** Uses up a token that is good for once. Faults: Unauthorized when somebody else has. */
  readonly useUp: (grant: BootstrapGrant, signal: AbortSignal) => Promise<void>
  /** Notes on a device's record that it has a certificate. Faults: NotFound. */
  readonly noteDevice: (
    device: { readonly namespace: string; readonly hash: string },
    issued: IssuedCertificate | undefined,
    signal: AbortSignal,
  ) => Promise<void>
}

/** Whom a certificate is for. */
export interface CertificateWish {
  readonly user: string
  readonly groups: readonly string[]
  readonly publicKey: SigningRequest['publicKey']
  /** By what it is asked for, for people. */
  readonly from: string
}

/** A signed client certificate. */
export interface IssuedCertificate {
  readonly certificatePem: string
  readonly authorityPem: string
  readonly serial: string
  readonly issuedMs: number
  readonly expiresMs: number
}

/** Every device. */
export const DEVICES = 'system:devices'

const GROUP = { group: 'nanocloud.io', version: 'v1' } as const

/** `POST /apis/nanocloud.io/v1/certificates`: a certificate for who asks, or for whom his token is meant. */
export function certificates(parts: CertificateParts): OrderPath {
  const kind = RESOURCES.find(each => each.group === GROUP.group && each.kind === 'Certificate')
  assert(kind !== undefined, 'Certificate is a kind')
  return {
    ...GROUP,
    plural: 'certificates',
    below: '',
    kind,
    run: order => certificateFor(parts, order),
  }
}

/** `POST .../devices/certificates`: a certificate for a device that has a record. */
export function deviceCertificates(parts: CertificateParts): OrderPath {
  return { ...certificates(parts), plural: 'devices', below: 'certificates', run: order => deviceFor(parts, order) }
}

async function certificateFor(parts: CertificateParts, { caller, body, isDryRun, signal }: Order): Promise<JsonObject> {
  refuseInPlace(caller)
  const request = await requestIn(body)
  const grant = await grantOf(parts, caller, signal)
  const user = grant === undefined ? caller.name : grant.user
  if (user === undefined) throw apiFault('Forbidden', 'the token is for no user: cairn token create --user NAME')
  refuseName(request, user)
  if (user.startsWith(DEVICE_USER))
    throw refused(user, 'is of a device, which asks at its record: .../devices/certificates')
  if (user.startsWith('system:')) throw refused(user, "may not begin with 'system:'")
  if (isDryRun) return {}
  if (grant?.isSingleUse === true) await parts.useUp(grant, signal)
  const groups = grant === undefined ? keptGroups(caller) : []
  return statusOf(await parts.issue({ user, groups, publicKey: request.publicKey, from: fromOf(grant) }, signal))
}

async function deviceFor(parts: CertificateParts, { caller, namespace = '', body, isDryRun, signal }: Order) {
  refuseInPlace(caller)
  const request = await requestIn(body)
  const hash = request.commonName.startsWith(DEVICE_USER) ? request.commonName.slice(DEVICE_USER.length) : ''
  if (hash === '') throw refused(request.commonName, `must be ${DEVICE_USER}HASH`)
  if (caller.name.startsWith(DEVICE_USER)) refuseName(request, caller.name)
  const grant = await grantOf(parts, caller, signal)
  if (grant?.user !== undefined) refuseName(request, grant.user)
  await parts.noteDevice({ namespace, hash }, undefined, signal)
  if (isDryRun) return {}
  if (grant?.isSingleUse === true) await parts.useUp(grant, signal)
  const wish = { user: request.commonName, groups: [DEVICES], publicKey: request.publicKey, from: fromOf(grant) }
  const issued = await parts.issue(wish, signal)
  await parts.noteDevice({ namespace, hash }, issued, signal)
  return statusOf(issued)
}

// Such a certificate would outlive the right to act in the place of another.
function refuseInPlace({ name, impersonator }: Caller): void {
  if (impersonator === undefined) return
  throw apiFault('Forbidden', `user "${impersonator}" cannot get a certificate in the place of "${name}"`)
}

async function requestIn(body: JsonObject): Promise<SigningRequest> {
  try {
    return await readSigningRequest(textAt(body, 'spec', 'csr') ?? '')
  } catch (error) {
    if (!isFault(error, 'SigningRequestInvalid')) throw error
    throw apiFault('BadRequest', `spec.csr: ${error.message}`, { cause: error })
  }
}

// A token may have been used up after it was shown, and what it is exchanged for outlives it.
async function grantOf(
  parts: CertificateParts,
  caller: Caller,
  signal: AbortSignal,
): Promise<BootstrapGrant | undefined> {
  if (!caller.name.startsWith(BOOTSTRAP_USER)) return undefined
  const grant = await parts.grantOf(caller.name.slice(BOOTSTRAP_USER.length), signal)
  if (grant === undefined)
    throw apiFault('Unauthorized', 'the token is used up or has expired; make another: cairn token create')
  return grant
}

function fromOf(grant: BootstrapGrant | undefined): string {
  return grant === undefined ? 'renewal' : `token ${grant.id}`
}

// Groups of the system are not handed on: who may do everything gets his certificate from the machine itself. Nor those of
// his record: he has them while it says so, and no longer.
function keptGroups({ groups, recordGroups = [] }: Caller): readonly string[] {
  return groups.filter(group => !group.startsWith('system:') && !recordGroups.includes(group))
}

function refuseName({ commonName }: SigningRequest, user: string): void {
  if (commonName !== user) throw refused(commonName, `must be "${user}", whom the credential is for`)
}

function refused(commonName: string, rule: string): Error {
  return invalidFault({ ...GROUP, kind: 'Certificate', name: '' }, [invalid('spec.csr', `CN=${commonName}`, rule)])
}

function statusOf({ certificatePem, authorityPem, expiresMs }: IssuedCertificate): JsonObject {
  const expirationTimestamp = new Date(expiresMs).toISOString()
  return { status: { certificate: certificatePem, caBundle: authorityPem, expirationTimestamp } }
}
