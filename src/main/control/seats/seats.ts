import { whyOf } from '#base'
import { clusterSeat, type Seat, type SeatAsked } from '#cluster'
import type { EtcdMember, EtcdMembers } from '#keyspace'
import { answerUnary, type Handler, message, nodeStatus } from '#rpc'
import { mainFault } from '../../faults.ts'
import { type KeyspaceChoice, readChoice, writeChoice } from '../../keyspace/choice.ts'
import type { GatedKeyspace } from '../../keyspace/gate.ts'
import { moveTo } from '../../keyspace/move.ts'
import { FIRST_MEMBER_MS, MEMBERS_LOOK_MS, SEAT_ASKED_MS } from '../../limits.ts'
import {
  keepMemberRevocations,
  type MemberCredential,
  memberRevocations,
  memberUser,
  signMember,
} from '../../members/credential.ts'
import { hasEtcd } from '../../members/etcd-program.ts'
import { removeMember } from '../../members/member-file.ts'
import { CONTROLLERS_WANTED, controlText, endpointsOf, seatStep, startedWith } from '../../members/plan.ts'
import type { OpenCluster } from '../machines/open.ts'
import { beginFirst, membersAt, moveOwn, type OwnMemberParts, ownEndpoint, renewCredential } from './own-member.ts'

/** What the places of controllers are given with. */
export interface SeatsParts extends OwnMemberParts {
  readonly choice: KeyspaceChoice
  readonly gate: GatedKeyspace
  /** Hears that the control plane has moved, or is not kept here any longer, and why: this process is of no use any more. */
  readonly anew: (why: string) => void
}

/** Gives places from now on; a machine that leaves the cloud loses its own. */
export function openSeats(
  parts: Omit<SeatsParts, 'own'>,
  { cluster }: { readonly cluster: Pick<OpenCluster, 'own' | 'onLeave'> },
): Seats {
  const seats = new Seats({ ...parts, own: cluster.own })
  cluster.onLeave((name, hosts, signal) => seats.remove(name, hosts, signal))
  return seats
}

/**
 * The places of controllers among the members of the etcd that they run. While the control plane is embedded here, whoever asks
 * stands by; the third lets it move. Afterwards each that asks gets a member, then its vote.
 */
class Seats implements AsyncDisposable {
  readonly #parts: SeatsParts
  readonly #closing = new AbortController()
  readonly #looking: Promise<void>
  /** Who stands by, and when it asked last. */
  readonly #asked = new Map<string, number>()
  #moving: Promise<void> | undefined
  /** One after the other: what is decided by the members is done before they are looked at again. */
  #seating: Promise<unknown> = Promise.resolve()
  #problem: string | undefined
  /** What was signed for a controller that asks again with the same request. */
  readonly #signed = new Map<string, Signed>()
  /** The revoked certificates that members here know of, as they were kept last. */
  #revoked: string | undefined

  constructor(parts: SeatsParts) {
    this.#parts = parts
    this.#looking = parts.choice.kind === 'members' ? this.#lookOn() : Promise.resolve()
  }

  /** Answers the storage process of this machine, for controllers that ask. */
  handlers(): readonly Handler[] {
    return [
      answerUnary(clusterSeat, async ({ asked, caller }, { signal }) => {
        if (caller === undefined) throw mainFault('Invalid', 'nobody says who asks for a place')
        const next = this.#seating.then(() => this.#seat(caller, asked, signal))
        this.#seating = next.catch(() => undefined)
        return message(await next)
      }),
    ]
  }

  /** Takes the member of a machine out that is no controller any more, and has these hosts. */
  async remove(name: string, hosts: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { choice } = this.#parts
    if (choice.kind !== 'members') return
    await this.#endCertificates(name, signal)
    using members = this.#members(choice.endpoints)
    for (const member of await members.list(signal)) {
      const isNameless = member.name === '' && member.peerUrls.some(url => hosts.has(new URL(url).hostname))
      if (member.name === name || isNameless) await members.remove(member.id, signal)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#looking
    await this.#moving
    await this.#seating
  }

  async #seat(name: string, asked: SeatAsked, signal: AbortSignal): Promise<Seat> {
    const { choice } = this.#parts
    if (choice.kind === 'members') return this.#seatAmong(choice.endpoints, { name, ...asked }, signal)
    if (choice.kind !== 'embedded') {
      throw mainFault('Unsupported', 'Unsupported: a place in an etcd that people run', {
        hint: 'Start that controller on it: cairn up --keyspace etcd=https://HOST:PORT',
      })
    }
    this.#asked.set(name, this.#nowMs())
    return waits(this.#whyEmbedded())
  }

  // Whoever asks often enough is there.
  #whyEmbedded(): string {
    const since = this.#nowMs() - SEAT_ASKED_MS
    const controllers = 1 + [...this.#asked.values()].filter(atMs => atMs > since).length
    const few = controlText(controllers)
    if (few !== undefined) return few
    if (!hasEtcd()) return `etcd is not installed on ${this.#parts.own}: apt install etcd-server`
    this.#moving ??= this.#move().finally(() => {
      this.#moving = undefined
    })
    return this.#problem ?? 'the control plane moves to the etcd of the controllers'
  }

  // What was begun is gone on with: as long as keyspace.json does not name it, what is in that etcd counts for nothing.
  async #move(): Promise<void> {
    const { world, dataFolder, gate, anew } = this.#parts
    const { signal } = this.#closing
    try {
      const soon = AbortSignal.any([signal, AbortSignal.timeout(FIRST_MEMBER_MS)])
      const choice = await beginFirst(this.#parts, soon)
      world.log.info('the control plane moves to the etcd of the controllers', { controllers: CONTROLLERS_WANTED })
      const home = { world, dataFolder }
      const moving = { home, gate, isForced: true, server: undefined, tell: () => undefined }
      const entries = await moveTo(choice, moving, signal)
      world.log.info('the control plane has moved', { entries })
      anew('everything was moved to the etcd of the controllers')
    } catch (error) {
      if (signal.aborted) return
      this.#problem = `the control plane could not be moved: ${whyOf(error)}`
      world.log.warn(this.#problem)
    }
  }

  async #seatAmong(endpoints: readonly string[], seeker: Seeking, signal: AbortSignal): Promise<Seat> {
    using members = this.#members(endpoints)
    for (;;) {
      const all = await members.list(signal)
      const step = seatStep(all, seeker)
      switch (step.kind) {
        case 'add':
          await members.add(seeker.peerUrl, signal)
          continue
        case 'replace':
          await this.#endCertificates(seeker.name, signal)
          await members.remove(step.id, signal)
          continue
        case 'move':
          await members.move(step.id, seeker.peerUrl, signal)
          continue
        case 'wait':
          return waits(`another controller${step.other === '' ? '' : `, ${step.other},`} is being taken in`)
        case 'promote':
          if (await members.promote(step.id, signal)) continue
          return this.#answer('begin', { seeker, all }, signal)
        default:
          return this.#answer(step.kind, { seeker, all }, signal)
      }
    }
  }

  async #answer(
    step: 'begin' | 'seated',
    { seeker, all }: { readonly seeker: Seeking; readonly all: readonly EtcdMember[] },
    signal: AbortSignal,
  ): Promise<Seat> {
    return {
      step,
      why: 'its member gets what the others have',
      members: startedWith(all, seeker),
      endpoints: endpointsOf(all, seeker.clientUrl),
      ...(await this.#credential(seeker, signal)),
      revokedPem: (await memberRevocations(this.#parts, signal)).pem,
    }
  }

  async #credential({ name, peerUrl, csrPem }: Seeking, signal: AbortSignal): Promise<MemberCredential> {
    const host = new URL(peerUrl).hostname.replace(/^\[(.*)\]$/, '$1')
    const known = this.#signed.get(name)
    if (known?.csrPem === csrPem && known.host === host) return known.credential
    const credential = await signMember(this.#parts.issuing, { name, host, csrPem }, signal)
    this.#signed.set(name, { csrPem, host, credential })
    return credential
  }

  async #endCertificates(name: string, signal: AbortSignal): Promise<void> {
    const { issuing, revocations } = this.#parts
    this.#signed.delete(name)
    for (const { user, serial } of await issuing.list(signal)) {
      if (user !== memberUser(name) || revocations.has(serial)) continue
      await revocations.revoke(serial, `${name} has no member of the etcd any more`, signal)
    }
  }

  async #lookOn(): Promise<void> {
    const { world } = this.#parts
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#look(signal)
      } catch (error) {
        if (!signal.aborted) world.log.warn('the members of etcd are not known', { why: whyOf(error) })
        if (!signal.aborted && (await this.#isRemoved(signal))) return this.#standDown()
      }
      await sleepUntilRevoked(this.#parts, MEMBERS_LOOK_MS, signal)
    }
  }

  // The others let this machine in no more, and so does etcd: what it says no more is not known from there.
  async #isRemoved(signal: AbortSignal): Promise<boolean> {
    const status = this.#parts.call(signal, client => client.call(nodeStatus, undefined, signal))
    return (await status.catch(() => undefined))?.cloud?.isRemoved === true
  }

  #standDown(): void {
    const { dataFolder, lookAtEtcd, anew } = this.#parts
    writeChoice(dataFolder, { kind: 'standby' })
    removeMember(dataFolder)
    lookAtEtcd()
    anew('this machine was removed from the cloud')
  }

  // Who has come is asked from now on, and who has gone no more.
  async #look(signal: AbortSignal): Promise<void> {
    const { dataFolder } = this.#parts
    await renewCredential(this.#parts, signal)
    await this.#keepRevocations(signal)
    const own = ownEndpoint(dataFolder)
    const choice = readChoice(dataFolder)
    if (own === undefined || choice.kind !== 'members') return
    using members = this.#members(choice.endpoints)
    await moveOwn(dataFolder, members, signal)
    const endpoints = endpointsOf(await members.list(signal), own)
    if (endpoints.join() !== choice.endpoints.join()) writeChoice(dataFolder, { ...choice, endpoints })
  }

  async #keepRevocations(signal: AbortSignal): Promise<void> {
    const { serials, pem } = await memberRevocations(this.#parts, signal)
    if (serials.join() === this.#revoked) return
    keepMemberRevocations(this.#parts.dataFolder, pem)
    this.#revoked = serials.join()
  }

  #members(endpoints: readonly string[]): EtcdMembers {
    return membersAt(this.#parts.world, this.#parts.dataFolder, endpoints)
  }

  #nowMs(): number {
    return this.#parts.world.clock.monotonicMs()
  }
}

interface Signed {
  readonly csrPem: string
  readonly host: string
  readonly credential: MemberCredential
}

type Seeking = SeatAsked & { readonly name: string }

// What was revoked is kept out at once.
async function sleepUntilRevoked(
  { world, revocations }: Pick<SeatsParts, 'world' | 'revocations'>,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const revoked = new AbortController()
  using _listening = revocations.onRevoked(() => revoked.abort())
  await world.clock.sleep(ms, AbortSignal.any([signal, revoked.signal])).catch(() => undefined)
}

function waits(why: string): Seat {
  return { step: 'wait', why, members: [], endpoints: [] }
}
