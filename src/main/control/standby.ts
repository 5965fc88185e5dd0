import { isFault, type World, whyOf } from '#base'
import { clusterAdmit, clusterFault, clusterSeat, readNodeFiles } from '#cluster'
import {
  answerUnary,
  answerUpload,
  type ControlStatus,
  controlDoorOf,
  controlStatus,
  keyspaceRestore,
  listenSocket,
  message,
} from '#rpc'
import { mainFault } from '../faults.ts'
import { membersChoice, writeChoice } from '../keyspace/choice.ts'
import { SEAT_ASK_MS } from '../limits.ts'
import { memberRequest } from '../members/credential.ts'
import { hasEtcd } from '../members/etcd-program.ts'
import { takePlace } from '../members/follow-address.ts'
import { hasMemberData } from '../members/member-file.ts'
import { type MemberPlace, memberPlace, placeUrls } from '../members/place.ts'
import { softwareName } from '../version.ts'
import type { ControlStart } from './messages.ts'
import { untilAnswered } from './seats/own-member.ts'
import { storageDoor } from './storage-door.ts'

/** What a controller stands by with. */
export interface StandbyParts {
  readonly start: ControlStart
  readonly world: World
  /** The supervisor is to look what etcd it runs. */
  readonly lookAtEtcd: () => void
  /** Hears that this controller has its place: the next process works there. */
  readonly seated: () => void
}

/** Why a controller stands by, for who starts it. */
export function standsBy(why: string): Error {
  return mainFault('NotHere', `this controller stands by: ${why}`, {
    hint: 'Ask the controller that works: `cairn node ls` names all. Nothing is to be done here.',
  })
}

/**
 * A controller of a cloud whose control plane is on others: it asks them for its place, runs its member of their etcd when it gets
 * one, and ends when that has its vote. What is cut off is gone on with by the next.
 */
export async function openStandby(parts: StandbyParts): Promise<AsyncDisposable> {
  const { start, world } = parts
  await using opening = new AsyncDisposableStack()
  const closing = new AbortController()
  const standby = new Standby(parts)
  const running = standby.run(closing.signal)
  opening.defer(async () => {
    closing.abort()
    await running
  })
  const nowhere = (): never => {
    throw clusterFault('NoController', 'this controller stands by; ask another')
  }
  const openedMs = world.clock.monotonicMs()
  const handlers = [
    answerUnary(controlStatus, async () => {
      const uptimeMs = Math.round(world.clock.monotonicMs() - openedMs)
      const checks = [{ name: 'controller', state: 'ok', detail: `stands by: ${standby.why}` }] as const
      return message<ControlStatus>({ pid: process.pid, url: '', uptimeMs, checks, standby: standby.why })
    }),
    answerUnary(clusterAdmit, nowhere),
    answerUnary(clusterSeat, nowhere),
    answerUpload(keyspaceRestore, nowhere),
  ]
  const { clock, log } = world
  const door = controlDoorOf(start.dataFolder)
  opening.use(await listenSocket(door, { clock, log, software: softwareName(), handlers }))
  return opening.move()
}

class Standby {
  /** What is waited for, for people. */
  why = 'it asks the others'
  readonly #parts: StandbyParts
  #place: MemberPlace | undefined
  #csrPem: string | undefined

  constructor(parts: StandbyParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts.world
    while (!signal.aborted) {
      const before = this.why
      try {
        if (await this.#step(signal)) return this.#parts.seated()
      } catch (error) {
        if (signal.aborted) return
        this.#place = undefined // another may have taken it meanwhile
        // What it cannot be told for good may still be mended by people.
        if (!isFault(error)) log.warn('this controller has no place yet', { why: whyOf(error) })
        this.why = whyOf(error)
      }
      if (this.why !== before) log.info('this controller stands by', { why: this.why })
      await clock.sleep(SEAT_ASK_MS, signal).catch(() => undefined)
    }
  }

  /** Asks once, and does what is answered; true when it has its place. */
  async #step(signal: AbortSignal): Promise<boolean> {
    const { world, start } = this.#parts
    const { dataFolder } = start
    if (!hasEtcd()) {
      this.why = 'etcd is not installed on this machine: apt install etcd-server'
      return false
    }
    const name = readNodeFiles(world.disk, dataFolder)?.node.name
    if (name === undefined) throw mainFault('DataFolder', `${dataFolder}/node does not say what this machine is called`)
    const call = storageDoor(dataFolder, world)
    this.#place ??= await memberPlace(dataFolder, call, signal)
    const asked = {
      ...placeUrls(this.#place),
      hasData: hasMemberData(dataFolder),
      // The same each time: what is signed for it is asked for again.
      csrPem: (this.#csrPem ??= await memberRequest(dataFolder, name)),
    }
    const seat = await call(signal, client => client.call(clusterSeat, { asked }, signal))
    this.why = seat.why
    if (seat.step === 'wait') return false
    takePlace({ dataFolder, lookAtEtcd: this.#parts.lookAtEtcd }, seat, { ...this.#place, name })
    if (seat.step === 'begin') return false
    const choice = membersChoice(dataFolder, seat.endpoints)
    await untilAnswered({ world, dataFolder }, { endpoints: [asked.clientUrl] }, signal)
    writeChoice(dataFolder, choice)
    return true
  }
}
