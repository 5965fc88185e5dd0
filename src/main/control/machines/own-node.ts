import { X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import { isFault, type World, whyOf } from '#base'
import { type NodeFiles, type NodeIdentity, readNodeFiles, writeNodeFiles } from '#cluster'
import { type Authority, authorityFingerprint, newKeyPair, readPublicKey } from '#identity'
import { mainFault } from '../../faults.ts'
import { NODE_NAME_MAX, NODE_RENEW_MS } from '../../limits.ts'
import { nodeNameOf, refuseNodeName } from '../../node-name.ts'
import type { Issuing } from '../issuing.ts'
import type { LocalFetch } from '../local-api.ts'
import type { Revocations } from '../revocations.ts'
import { issueNode } from './node-certificates.ts'
import { makeNode } from './node-objects.ts'

/** What the machine of a control plane is kept in its own cloud with. */
export interface OwnNodeParts {
  readonly world: World
  readonly dataFolder: string
  readonly fetch: LocalFetch
  readonly authority: Authority
  readonly issuing: Issuing
  readonly revocations: Revocations
  /** What people want it to be called. */
  readonly wanted: string | undefined
  /** True when other machines may be at work on the same keyspace. */
  readonly isShared: boolean
}

/** The machine of a control plane in its cloud. */
export interface OwnNode {
  readonly node: NodeIdentity
  /** True when its files were written. */
  readonly isChanged: boolean
}

/**
 * Keeps this machine a member of the cloud that it controls: its object, its key and a certificate that holds for a while, in
 * DATA/node. Makes them at its first start. Faults: Occupied (the name people want is taken).
 */
export async function keepOwnNode(parts: OwnNodeParts, signal: AbortSignal): Promise<OwnNode> {
  const { world, dataFolder, fetch, authority } = parts
  const cloud = authorityFingerprint(authority.certificatePem)
  const kept = filesOf(parts)
  const isOurs = kept?.node.cloud === cloud && kept.node.role === 'controller'
  if (kept !== undefined && isOurs && isGood(parts, kept)) {
    await makeNode(fetch, kept.node.name, 'controller')
    return { node: kept.node, isChanged: false }
  }
  const name = kept === undefined ? await newName(parts) : kept.node.name
  if (kept !== undefined) await makeNode(fetch, name, 'controller')
  const node = { name, role: 'controller', cloud } as const
  const credential = await credentialOf(parts, name, isOurs && !isRevoked(parts, kept) ? kept : undefined, signal)
  await writeNodeFiles(world.disk, dataFolder, { node, credential })
  return { node, isChanged: true }
}

// What is damaged is made anew: this machine has the authority itself.
function filesOf({ world, dataFolder }: OwnNodeParts): NodeFiles | undefined {
  try {
    return readNodeFiles(world.disk, dataFolder)
  } catch (error) {
    if (!isFault(error, 'NodeFile')) throw error
    world.log.warn('what this machine is in its cloud is made anew', { why: whyOf(error) })
    return undefined
  }
}

function isGood(parts: OwnNodeParts, kept: NodeFiles): boolean {
  const certificate = new X509Certificate(kept.credential.certificatePem)
  const nowMs = Number(parts.world.clock.wallNs() / 1_000_000n)
  const isSigned = certificate.verify(new X509Certificate(parts.authority.certificatePem).publicKey)
  return isSigned && Date.parse(certificate.validTo) - nowMs > NODE_RENEW_MS && !isRevoked(parts, kept)
}

function isRevoked({ revocations }: OwnNodeParts, { credential }: NodeFiles): boolean {
  return revocations.has(new X509Certificate(credential.certificatePem).serialNumber.toLowerCase())
}

// On a keyspace of this machine alone, an object of its name is its own. Elsewhere it is that of a machine called the same.
async function newName({ fetch, wanted, isShared, world }: OwnNodeParts): Promise<string> {
  if (wanted !== undefined) refuseNodeName(wanted)
  const name = wanted ?? nodeNameOf(hostname())
  if ((await makeNode(fetch, name, 'controller')) || !isShared) return name
  if (wanted !== undefined) {
    throw mainFault('Occupied', `there is a machine called ${name} in the cloud already`, {
      hint: `Choose another with --name. Is that one gone for good: cairn node remove ${name}`,
    })
  }
  const suffix = Buffer.from(world.entropy.bytes(SUFFIX_BYTES)).toString('hex')
  const other = `${nodeNameOf(name.slice(0, NODE_NAME_MAX - suffix.length - 1))}-${suffix}`
  await makeNode(fetch, other, 'controller')
  world.log.info(`another machine is called ${name}`, { calledNow: other })
  return other
}

const SUFFIX_BYTES = 3

// A key stays for as long as nobody says that it was lost.
async function credentialOf(
  { authority, issuing }: OwnNodeParts,
  name: string,
  kept: NodeFiles | undefined,
  signal: AbortSignal,
): Promise<NodeFiles['credential']> {
  const { publicKey, keyPem } = kept === undefined ? await newKeyPair() : await keyOf(kept)
  const wish = { name, role: 'controller', publicKey, from: 'cairn up' } as const
  const { certificatePem } = await issueNode(issuing, wish, signal)
  return { keyPem, certificatePem, authorityPem: authority.certificatePem }
}

async function keyOf({ credential: { certificatePem, keyPem } }: NodeFiles) {
  const pem = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { publicKey: await readPublicKey(pem), keyPem }
}
