import { isFault, type World, whyOf } from '#base'
import { clusterSeat, type Seat } from '#cluster'
import type { DoorCall } from '../control/storage-door.ts'
import { membersChoice, readChoice, writeChoice } from '../keyspace/choice.ts'
import { MEMBER_MOVED_MS, SEAT_ASK_MS } from '../limits.ts'
import { keepMemberCredential, keepMemberRevocations, memberRequest } from './credential.ts'
import { hasMemberData, readMember, writeMember } from './member-file.ts'
import { type MemberPlace, memberPlace, placeUrls } from './place.ts'

/** What the member of this machine is brought to another address with. */
export interface FollowParts {
  readonly world: World
  readonly dataFolder: string
  /** The storage process of this machine: it knows its addresses, and reaches other controllers. */
  readonly call: DoorCall
  /** The supervisor is to look what etcd it runs. */
  readonly lookAtEtcd: () => void
}

/**
 * Keeps the member of this machine where the machine is reached, until disposed: when that has another address, as networks give
 * them out, another controller tells etcd and signs for the new one. The etcd of the others lets this machine in no more until
 * then, since its certificate names the old address; so it does not need it.
 */
export function followAddress(parts: FollowParts): AsyncDisposable {
  const closing = new AbortController()
  const following = follow(parts, closing.signal)
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await following
    },
  }
}

async function follow(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const { clock, log } = parts.world
  // The process before may have ended between the two.
  parts.lookAtEtcd()
  let said = ''
  while (!signal.aborted) {
    let why = ''
    try {
      await lookAtAddress(parts, signal)
    } catch (error) {
      if (signal.aborted) return
      why = whyOf(error)
      const isNew = why !== said && (!isFault(error) || error.code !== 'Unreachable')
      if (isNew) log.warn('the member of etcd here does not follow the address of this machine', { why })
    }
    said = why
    await clock.sleep(why === '' ? MEMBER_MOVED_MS : SEAT_ASK_MS, signal).catch(() => undefined)
  }
}

async function lookAtAddress(parts: FollowParts, signal: AbortSignal): Promise<void> {
  const { world, dataFolder, call } = parts
  const member = readMember(dataFolder)
  if (member === undefined || readChoice(dataFolder).kind !== 'members') return
  const place = await memberPlace(dataFolder, call, signal)
  if (place.host === member.host) return
  const asked = {
    ...placeUrls(place),
    hasData: hasMemberData(dataFolder),
    csrPem: await memberRequest(dataFolder, member.name),
  }
  const seat = await call(signal, client => client.call(clusterSeat, { asked }, signal))
  if (seat.step === 'wait') return
  writeChoice(dataFolder, membersChoice(dataFolder, seat.endpoints))
  takePlace(parts, seat, { ...place, name: member.name })
  world.log.info('the member of etcd here is reached elsewhere', { before: member.host, now: place.host })
}

/** Runs the member of this machine at a place that it has got, with what was signed for it. The same again changes nothing. */
export function takePlace(
  { dataFolder, lookAtEtcd }: Pick<FollowParts, 'dataFolder' | 'lookAtEtcd'>,
  seat: Seat,
  { name, host, clientPort, peerPort }: MemberPlace & { readonly name: string },
): void {
  const { members, certificatePem, authorityPem, revokedPem } = seat
  if (certificatePem === undefined || authorityPem === undefined) return
  keepMemberCredential(dataFolder, { certificatePem, authorityPem })
  if (revokedPem !== undefined) keepMemberRevocations(dataFolder, revokedPem)
  const kept = readMember(dataFolder)
  if (kept === undefined || !hasMemberData(dataFolder)) {
    writeMember(dataFolder, { name, host, clientPort, peerPort, isFirst: false, members })
  } else if (kept.host !== host) writeMember(dataFolder, { ...kept, host, members })
  lookAtEtcd()
}
