import { X509Certificate } from 'node:crypto'
import { apiFault, networkOf } from '#api'
import { isFault, type World } from '#base'
import { clusterAdmit, machineOf, mapBytes, masterContext, type NodeMap } from '#cluster'
import {
  type BootstrapGrant,
  CONTROLLERS_GROUP,
  machineRole,
  type MasterKey,
  type NodeRole,
  readSigningRequest,
  sealForKey,
  type SigningRequest,
} from '#identity'
import { answerUnary, type Handler } from '#rpc'
import { mainFault } from '../../faults.ts'
import { MACHINE_CERTIFICATES_MAX } from '../../limits.ts'
import type { Issuing } from '../issuing.ts'
import type { KeptTokens } from '../kept-tokens.ts'
import type { LocalFetch } from '../local-api.ts'
import type { Revocations } from '../revocations.ts'
import { admittedBefore, redeemedBy } from './admitted-again.ts'
import { endCertificatesOf, issueNode } from './node-certificates.ts'
import { makeNode, removeNode, uidOfNode } from './node-objects.ts'
import { refusedName, refusedToken, refuseNewcomer, removedMachine, takenName } from './refusals.ts'

/** What machines are let in with. */
export interface AdmissionParts {
  readonly world: World
  readonly fetch: LocalFetch
  readonly issuing: Issuing
  readonly revocations: Revocations
  readonly tokens: KeptTokens
  /** What this machine is called: nobody takes that. */
  readonly own: string
  /** True unless the control plane is in an etcd that people run. */
  readonly takesControllers: boolean
  /** The master key of the moment. */
  readonly master: () => MasterKey
  /** The map as a machine gets it that has just come. */
  readonly mapNow: (signal: AbortSignal) => Promise<NodeMap>
}

type Asked = ReturnType<typeof clusterAdmit.params>
type Caller = NonNullable<Asked['caller']>
type Join = NonNullable<Asked['join']> & { readonly seenFrom: string }

/** Answers machines that ask for their first certificate, or the next, at the port of storage. */
export function admissionHandlers(parts: AdmissionParts): readonly Handler[] {
  return [
    answerUnary(clusterAdmit, async ({ join, renew, caller, seenFrom }, { signal }) => {
      if (join !== undefined) return admit(parts, { ...join, seenFrom }, signal)
      if (renew !== undefined && caller !== undefined) return renewed(parts, renew.csrPem, caller, signal)
      throw mainFault('Invalid', 'neither a machine that joins nor one that renews', { hint: 'Update Cairn there.' })
    }),
  ]
}

// All that may be wrong is looked at before the token is used up: who mends it uses the same token.
async function admit(parts: AdmissionParts, join: Join, signal: AbortSignal) {
  const { fetch, issuing, world } = parts
  const { name, csrPem, seenFrom } = join
  const { grant, role } = await grantOf(parts, join, signal)
  if (grant === undefined) return admitAgain(parts, { ...join, role }, signal)
  const map = await parts.mapNow(signal)
  refuseNewcomer({ ...join, role }, cloudOf(parts, map))
  if (grant.node !== undefined && grant.node !== name) throw refusedName(name, grant.node)
  const { publicKey } = await requestOf(csrPem, name)
  const isNew = name !== parts.own && (await makeNode(fetch, name, role))
  if (!isNew && (grant.node === undefined || name === parts.own)) throw takenName(name, parts.own)
  try {
    await useUp(parts, grant, signal)
    // A machine that was called so before is another one now, or has lost what it had.
    await endCertificatesOf(name, parts, signal)
    const redeemed = grant.isSingleUse ? await redeemedBy(grant, publicKey) : undefined
    const wish = { name, role, publicKey, from: `token ${grant.id}`, redeemed }
    const issued = await issueNode(issuing, wish, signal)
    world.log.info('a machine has joined', { name, role, seenFrom })
    return answerOf({ ...issued, role, sealedMaster: sealedFor(parts, { ...issued, name, role }) }, map)
  } catch (error) {
    // Of a token for this name, somebody else who showed it may be the machine by now.
    if (isNew && grant.node === undefined) await removeNode(fetch, name)
    throw error
  }
}

/** What a token grants that is shown; no grant: it is used up, by this very key. Faults: TokenRefused. */
async function grantOf(parts: AdmissionParts, { token, seenFrom, name, csrPem }: Join, signal: AbortSignal) {
  const { tokens, issuing, revocations, world } = parts
  const shown = { certificate: undefined, bearer: token, network: networkOf(seenFrom) }
  const id = token.slice(0, ID_CHARACTERS)
  const isKnown = (await tokens.knows(shown, signal)) !== undefined
  const grant = isKnown ? await tokens.grantOf(id, signal) : undefined
  const role = machineRole(grant?.groups ?? [])
  if (grant !== undefined && role !== undefined) return { grant, role }
  const request = grant === undefined ? await requestOf(csrPem, name).catch(ifFault) : undefined
  const before =
    request === undefined
      ? undefined
      : await admittedBefore(
          { issuing, revocations, nowMs: wallMs(world) },
          { user: request.commonName, token: id, publicKey: request.publicKey },
          signal,
        )
  if (before === undefined) throw refusedToken(grant)
  return { grant: undefined, role: before }
}

function ifFault(error: unknown): undefined {
  if (!isFault(error)) throw error
}

// The first answer was lost: the machine gets another certificate for the key that it had then.
async function admitAgain(parts: AdmissionParts, join: Join & { readonly role: NodeRole }, signal: AbortSignal) {
  const { fetch, issuing, world } = parts
  const { name, role, csrPem, seenFrom } = join
  const map = await parts.mapNow(signal)
  refuseNewcomer(join, cloudOf(parts, map))
  const { publicKey, commonName } = await requestOf(csrPem, name)
  if ((await uidOfNode(fetch, name)) === undefined) throw removedMachine(name)
  await refuseMany(parts, commonName, signal)
  const issued = await issueNode(issuing, { name, role, publicKey, from: 'the same token again' }, signal)
  world.log.info('a machine has joined that did not hear so before', { name, role, seenFrom })
  return answerOf({ ...issued, role, sealedMaster: sealedFor(parts, { ...issued, name, role }) }, map)
}

function cloudOf({ world, takesControllers, master }: AdmissionParts, map: NodeMap) {
  return { map, nowMs: wallMs(world), takesControllers, masterId: master().id }
}

// Only the machine that showed the key opens it: whoever passes it on does not.
function sealedFor(
  { master, world }: AdmissionParts,
  { name, role, certificatePem }: { readonly name: string; readonly role: NodeRole; readonly certificatePem: string },
): string | undefined {
  if (role !== 'controller') return undefined
  const publicKeyPem = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'pem' })
  const place = { publicKeyPem: publicKeyPem.toString(), context: masterContext(name) }
  return sealForKey(place, Buffer.from(master().text()), world.entropy)
}

function wallMs({ clock }: Pick<World, 'clock'>): number {
  return Number(clock.wallNs() / 1_000_000n)
}

const ID_CHARACTERS = 6

async function useUp({ tokens }: AdmissionParts, grant: BootstrapGrant, signal: AbortSignal): Promise<void> {
  try {
    await tokens.useUp(grant, signal)
  } catch (error) {
    throw isFault(error, 'Unauthorized') ? refusedToken(undefined, error) : error
  }
}

async function requestOf(csrPem: string, name: string): Promise<SigningRequest> {
  const request = await readSigningRequest(csrPem)
  if (nameIn(request.commonName) === name) return request
  throw mainFault('Invalid', `the request is for ${request.commonName}, not for the machine ${name}`, {
    hint: 'Update Cairn on the machine that asks.',
  })
}

async function renewed(parts: AdmissionParts, csrPem: string, caller: Caller, signal: AbortSignal) {
  const { issuing, revocations, fetch } = parts
  const name = nameIn(caller.name)
  if (name === undefined) throw mainFault('Invalid', `${caller.name} is no machine`)
  const { publicKey } = await requestOf(csrPem, name)
  const uid = await uidOfNode(fetch, name)
  if (revocations.has(caller.serial) || uid === undefined) throw removedMachine(name)
  const groups = await groupsOf(parts, caller, signal)
  const role = groups.includes(CONTROLLERS_GROUP) ? 'controller' : 'node'
  const issued = await issueNode(issuing, { name, role, publicKey, from: 'renewal' }, signal)
  if ((await uidOfNode(fetch, name)) !== uid) {
    // Removed meanwhile, and who did that may not have seen this certificate.
    await revocations.revoke(issued.serial, `${name} was removed`, signal)
    throw removedMachine(name)
  }
  return answerOf({ ...issued, role }, await parts.mapNow(signal))
}

async function groupsOf(parts: AdmissionParts, caller: Caller, signal: AbortSignal) {
  const held = await refuseMany(parts, caller.name, signal)
  return held.find(({ serial }) => serial === caller.serial)?.groups ?? []
}

// A machine that has more certificates than it can use gets no other: all would have to be revoked with it.
async function refuseMany({ issuing, revocations }: AdmissionParts, user: string, signal: AbortSignal) {
  const held = (await issuing.list(signal)).filter(entry => entry.user === user)
  if (held.filter(({ serial }) => !revocations.has(serial)).length < MACHINE_CERTIFICATES_MAX) return held
  throw apiFault('TooManyRequests', `${user} has ${MACHINE_CERTIFICATES_MAX} certificates that hold`, {
    hint: 'See them with `cairn cert ls`, and revoke what is not used: cairn cert revoke SERIAL.',
  })
}

function nameIn(user: string): string | undefined {
  return machineOf({ name: user, groups: ['system:nodes'] })?.name
}

function answerOf(
  { certificatePem, authorityPem, role, sealedMaster }: ReturnType<typeof clusterAdmit.result>,
  map: NodeMap,
): { readonly head: ReturnType<typeof clusterAdmit.result>; readonly body: Uint8Array } {
  return { head: { certificatePem, authorityPem, role, sealedMaster }, body: mapBytes(map) }
}
