import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import { isFault, type World } from '#base'
import { type Authority, newKey, newRequest, readSigningRequest } from '#identity'
import { replaceFile } from '../keys/replace-file.ts'
import { NODE_CERTIFICATE_MS, NODE_RENEW_MS } from '../limits.ts'
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
  return newRequest(commonName(name), fs.readFileSync(key, 'utf8'))
}

/**
 * Signs for a member: it calls others and is called, and nobody of the API knows it. The name it is reached at inside is what lets it
 * in: no other certificate of the cloud that calls has a name. Faults: SigningRequestInvalid.
 */
export async function signMember(
  { authority, world }: { readonly authority: Authority; readonly world: Pick<World, 'clock' | 'entropy'> },
  { name, host, csrPem }: MemberWish,
): Promise<MemberCredential> {
  const { publicKey } = await readSigningRequest(csrPem)
  const nowMs = Number(world.clock.wallNs() / 1_000_000n)
  const isAddress = /^[\d.]+$|:/.test(host)
  const wish = {
    commonName: commonName(name),
    organizations: [],
    usage: 'node',
    dnsNames: [MEMBER_HOSTNAME, ...(isAddress ? [] : [host])],
    addresses: isAddress ? [host] : [],
    notBefore: new Date(nowMs - BEFORE_MS),
    notAfter: new Date(nowMs + NODE_CERTIFICATE_MS),
    serial: world.entropy.bytes(16),
  } as const
  return { certificatePem: await authority.sign(wish, publicKey), authorityPem: authority.certificatePem }
}

/** Keeps what was signed; etcd reads it again for each connection. */
export function keepMemberCredential(dataFolder: string, { certificatePem, authorityPem }: MemberCredential): void {
  const { authority, certificate } = memberFilesOf(dataFolder)
  replaceFile(authority, authorityPem)
  replaceFile(certificate, certificatePem)
}

/** True when the certificate of the member of this machine is missing, damaged, or ends soon. */
export function isMemberDue(dataFolder: string, { clock }: Pick<World, 'clock'>): boolean {
  try {
    readEtcdFiles(memberFilesOf(dataFolder))
    const { validTo } = new X509Certificate(fs.readFileSync(memberFilesOf(dataFolder).certificate))
    return Date.parse(validTo) - Number(clock.wallNs() / 1_000_000n) < NODE_RENEW_MS
  } catch (error) {
    if (!isFault(error, 'KeyspaceFile')) throw error
    return true
  }
}

function commonName(name: string): string {
  return `system:cairn:etcd:${name}`
}

// Clocks of two machines differ.
const BEFORE_MS = 300_000
