import { type World, whyOf } from '#base'
import type { Authority } from '#identity'
import { type EtcdMembers, openEtcdMembers } from '#keyspace'
import { type EtcdChoice, membersChoice } from '../../keyspace/choice.ts'
import { readEtcdFiles } from '../../keyspace/etcd-files.ts'
import { SEAT_ASK_MS } from '../../limits.ts'
import {
  isMemberDue,
  keepMemberCredential,
  keepMemberRevocations,
  memberRequest,
  memberRevocations,
  signMember,
} from '../../members/credential.ts'
import { memberFilesOf, memberUrl, readMember, writeMember } from '../../members/member-file.ts'
import { memberPlace, placeUrls } from '../../members/place.ts'
import type { Issuing } from '../issuing.ts'
import type { Revocations } from '../revocations.ts'
import type { DoorCall } from '../storage-door.ts'

/** What the member of this machine is made and looked after with. */
export interface OwnMemberParts {
  readonly world: World
  readonly dataFolder: string
  readonly authority: Authority
  readonly issuing: Issuing
  readonly revocations: Pick<Revocations, 'has' | 'revoke' | 'onRevoked'>
  /** What this machine is called. */
  readonly own: string
  /** The storage process of this machine: it knows its addresses. */
  readonly call: DoorCall
  /** The supervisor is to look what etcd it runs. */
  readonly lookAtEtcd: () => void
}

/** Lets the first of all members run on this machine, as far as it does not yet. Answers where it is asked. */
export async function beginFirst(parts: OwnMemberParts, signal: AbortSignal): Promise<EtcdChoice> {
  const { dataFolder, own: name, call, lookAtEtcd } = parts
  const place = await memberPlace(dataFolder, call, signal)
  const { clientUrl, peerUrl } = placeUrls(place)
  await keepCredential(parts, place.host, signal)
  keepMemberRevocations(dataFolder, (await memberRevocations(parts, signal)).pem)
  const { host, clientPort, peerPort } = place
  const members = [{ name, peerUrl }]
  if (readMember(dataFolder)?.host !== host) {
    writeMember(dataFolder, { name, host, clientPort, peerPort, isFirst: true, members })
  }
  lookAtEtcd()
  const choice = membersChoice(dataFolder, [clientUrl])
  await untilAnswered(parts, choice, signal)
  return choice
}

/** Where the member of this machine is asked; undefined when it has none. */
export function ownEndpoint(dataFolder: string): string | undefined {
  const member = readMember(dataFolder)
  return member === undefined ? undefined : memberUrl(member.host, member.clientPort)
}

/** Has the members reach the one of this machine where that is now. */
export async function moveOwn(dataFolder: string, members: EtcdMembers, signal: AbortSignal): Promise<void> {
  const own = readMember(dataFolder)
  if (own === undefined) return
  const peerUrl = memberUrl(own.host, own.peerPort)
  const there = (await members.list(signal)).find(({ name }) => name === own.name)
  if (there?.peerUrls.includes(peerUrl) === false) await members.move(there.id, peerUrl, signal)
}

/** Renews the certificate of the member of this machine when it is due. */
export async function renewCredential(parts: RenewalParts, signal: AbortSignal): Promise<void> {
  const member = readMember(parts.dataFolder)
  if (member !== undefined) await keepCredential(parts, member.host, signal)
}

/** What the certificate of the member of this machine is renewed with. */
export type RenewalParts = Pick<OwnMemberParts, 'world' | 'dataFolder' | 'own' | 'issuing'>

async function keepCredential(parts: RenewalParts, host: string, signal: AbortSignal): Promise<void> {
  const { world, dataFolder, own: name, issuing } = parts
  if (!isMemberDue(dataFolder, host, world)) return
  const csrPem = await memberRequest(dataFolder, name)
  keepMemberCredential(dataFolder, await signMember(issuing, { name, host, csrPem }, signal))
}

/** The members as they are asked at some endpoints, with the files of this machine. */
export function membersAt(world: World, dataFolder: string, endpoints: readonly string[]): EtcdMembers {
  const urls = endpoints.map(endpoint => new URL(endpoint))
  return openEtcdMembers({ world, endpoints: urls, tls: () => readEtcdFiles(memberFilesOf(dataFolder)).tls })
}

/** Resolves when etcd answers at an endpoint. */
export async function untilAnswered(
  { world, dataFolder }: Pick<OwnMemberParts, 'world' | 'dataFolder'>,
  { endpoints }: Pick<EtcdChoice, 'endpoints'>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    using members = membersAt(world, dataFolder, endpoints)
    try {
      return void (await members.list(signal))
    } catch (error) {
      signal.throwIfAborted()
      world.log.info('etcd does not answer yet', { endpoints: endpoints.join(), why: whyOf(error) })
      await world.clock.sleep(SEAT_ASK_MS, signal)
    }
  }
}
