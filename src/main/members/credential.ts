import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import { isFault, type World } from '#base'
import { type Authority, newKey, newRequest, readSigningRequest } from '#identity'
import { replaceFile } from '../keys/replace-file.ts'
import type { Issuing } from '../control/issuing.ts'
import type { Revocations } from '../control/revocations.ts'
import { MEMBER_CERTIFICATE_MS, MEMBER_RENEW_MS, MEMBERS_REVOKED_MAX } from '../limits.ts'
import { readEtcdFiles } from '../keyspace/etcd-files.ts'
import { MEMBER_HOSTNAME } from './etcd-program.ts'
import { memberFilesOf, memberFolderOf } from './member-file.ts'

/** Whom a certificate of a member is for. */
export interface MemberWish {
  readonly name: string
  readonly host: string
  readonly csrPem: string
}

/** What is signed for a member. */
export interface MemberCredential {
  readonly certificatePem: string
  readonly authorityPem: string
}

/** The request for a certificate of the member of this machine; its key is made once, and stays here. */
export async function memberRequest(dataFolder: string, name: string): Promise<string> {
  fs.mkdirSync(memberFolderOf(dataFolder), { recursive: true, mode: 0o700 })
  const { key } = memberFilesOf(dataFolder)
  if (!fs.existsSync(key)) replaceFile(key, await newKey())
  return newRequest(memberUser(name), fs.readFileSync(key, 'utf8'))
}

/**
 * Signs for a member: it calls others and is called, and nobody of the API knows it. The name it is reached at inside is what lets it
 * in: no other certificate of the cloud that calls has a name. Faults: SigningRequestInvalid.
 */
export async function signMember(
  issuing: Pick<Issuing, 'issue'>,
  { name, host, csrPem }: MemberWish,
  signal: AbortSignal,
): Promise<MemberCredential> {
  const { publicKey } = await readSigningRequest(csrPem)
  const isAddress = /^[\d.]+$|:/.test(host)
  const reached = {
    dnsNames: [MEMBER_HOSTNAME, ...(isAddress ? [] : [host])],
    addresses: isAddress ? [host] : [],
  }
  const wish = { user: memberUser(name), groups: [], publicKey, from: 'etcd', usage: 'node', reached } as const
  const { certificatePem, authorityPem } = await issuing.issue(wish, signal, MEMBER_CERTIFICATE_MS)
  return { certificatePem, authorityPem }
}

/** Whose the certificates of the member of a machine are, in the ledger. */
export function memberUser(name: string): string {
  return `${MEMBER_USERS}${name}`
}

const MEMBER_USERS = 'system:cairn:etcd:'

/** The list of certificates of members that hold no more; etcd lets nobody in who shows one. */
export async function memberRevocations(
  { authority, issuing, revocations, world }: RevocationParts,
  signal: AbortSignal,
): Promise<{ readonly serials: readonly string[]; readonly pem: string }> {
  const entries = await issuing.list(signal)
  const ended = entries.filter(({ user, serial }) => user.startsWith(MEMBER_USERS) && revocations.has(serial))
  const serials = ended.map(({ serial }) => serial).slice(-MEMBERS_REVOKED_MAX)
  const now = new Date(Number(world.clock.wallNs() / 1_000_000n))
  return { serials, pem: await authority.revocationList(serials, now) }
}

/** What a list of revoked certificates is made of. */
export interface RevocationParts {
  readonly world: Pick<World, 'clock'>
  readonly authority: Pick<Authority, 'revocationList'>
  readonly issuing: Pick<Issuing, 'list'>
  readonly revocations: Pick<Revocations, 'has'>
}

/** Keeps which certificates hold no more; etcd reads it again for each connection. */
export function keepMemberRevocations(dataFolder: string, pem: string): void {
  fs.mkdirSync(memberFolderOf(dataFolder), { recursive: true, mode: 0o700 })
  replaceFile(memberFilesOf(dataFolder).revoked, pem)
}

/** Keeps what was signed; etcd reads it again for each connection. */
export function keepMemberCredential(dataFolder: string, { certificatePem, authorityPem }: MemberCredential): void {
  const { authority, certificate } = memberFilesOf(dataFolder)
  replaceFile(authority, authorityPem)
  replaceFile(certificate, certificatePem)
}

/** True when the certificate of the member of this machine is missing, damaged, for another host, or ends soon. */
export function isMemberDue(dataFolder: string, host: string, { clock }: Pick<World, 'clock'>): boolean {
  try {
    readEtcdFiles(memberFilesOf(dataFolder))
    const shown = new X509Certificate(fs.readFileSync(memberFilesOf(dataFolder).certificate))
    const isFor = net.isIP(host) === 0 ? shown.checkHost(host) : shown.checkIP(host)
    if (isFor === undefined) return true
    const { validTo } = shown
    return Date.parse(validTo) - Number(clock.wallNs() / 1_000_000n) < MEMBER_RENEW_MS
  } catch (error) {
    if (!isFault(error, 'KeyspaceFile')) throw error
    return true
  }
}
