import { Fault, type World } from '#base'
import { changedHomes, homeOf, type MapFilesystem, type MapMachine } from '#cluster'
import {
  beginEpoch,
  type LocalKeyspace,
  LogShipper,
  openCheckpoint,
  openEmbeddedKeyspace,
  openStandby,
  type Standby,
  type StandbyLine,
} from '#keyspace'
import type { DiskFaults } from '../disk/faults.ts'
import { DiskImage } from '../disk/image.ts'
import { cutPower } from '../disk/power-cut.ts'
import { keptRowIndex } from '../index/row-index.ts'
import { type Ending, Life } from '../life.ts'
import { openSimWorld, type Machine } from '../world.ts'
import type { LogCanary } from './canaries.ts'

/** The one filesystem of a simulated cloud. */
export const NAME = 'home'

/** What all machines share: the record that controllers keep, and the network between. */
export interface LogCloud {
  readonly machine: Machine
  readonly canary: LogCanary | undefined
  readonly names: readonly string[]
  record: MapFilesystem
  /** Goes from one machine, or the controller, to another: takes a while, or never comes. */
  travel(from: string, to: string): Promise<void>
  find(name: string): LogMachine | undefined
  /** A machine has opened the filesystem as its home. */
  opened(machine: LogMachine, epoch: number, keyspace: LocalKeyspace): void
}

/** The controller, as the network calls it. */
export const CONTROLLER = 'controller'

/** A machine that outlives its processes: its disk, and what it has kept of where the filesystem lives. */
export class LogMachine {
  readonly name: string
  image = newImage()
  /** Kept on disk: the record it knows, and who may have been agreed on beside. */
  known: MapFilesystem
  adding: readonly string[] = []
  boots = 0
  keyspace: LocalKeyspace | undefined
  standby: Standby | undefined
  life = new Life(0)
  /** Resolves when the process of the moment has ended. */
  gone = Promise.withResolvers<'gone'>()
  #isUp = false
  #lives = 0
  readonly #cloud: LogCloud

  constructor(name: string, cloud: LogCloud) {
    this.name = name
    this.#cloud = cloud
    this.known = cloud.record
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Starts as what the record it knows says: the home, or a standby. */
  async start(): Promise<void> {
    const { machine, canary } = this.#cloud
    const life = new Life(++this.#lives)
    this.life = life
    this.#isUp = true
    this.gone = Promise.withResolvers()
    const world = openSimWorld(machine, life, this.image, NO_FAULTS)
    const options = { world, folder: '/log', index: keptRowIndex }
    if (this.known.home !== this.name) {
      const standby = await openStandby(options)
      if (!life.ended) this.standby = standby
      return
    }
    const held: { shipper?: LogShipper } = {}
    const shipped = async (target: Parameters<LogShipper['shipped']>[0]) => {
      if (canary?.isHasty !== true) await held.shipper?.shipped(target)
    }
    const keyspace = await openEmbeddedKeyspace({ ...options, history: { ms: 0, revisions: 0 }, shipped })
    if (life.ended) return
    const { epoch } = this.known
    this.#cloud.opened(this, epoch, keyspace)
    beginEpoch(keyspace, { epoch, boot: `${this.name} ${this.boots}` })
    held.shipper = this.#shipper(world, life, keyspace, epoch)
    this.keyspace = keyspace
  }

  /** Ends the process, as a kill or a power cut does. */
  end(how: Ending): void {
    const left = new DiskImage(this.image)
    this.life.end(left)
    this.image = how === 'power' ? cutPower(left, this.#cloud.machine.random) : left
    if (how === 'power') this.boots += 1
    this.#isUp = false
    this.gone.resolve('gone')
    this.keyspace = undefined
    this.standby = undefined
  }

  /** Hears where the filesystem lives; answers whether it has to start anew for it. */
  hear(record: MapFilesystem): boolean {
    if (record.epoch < this.known.epoch) return false
    const isOther = record.home !== this.known.home || (record.epoch > this.known.epoch && record.home === this.name)
    if (record.epoch > this.known.epoch) this.adding = []
    this.known = record
    return isOther && this.#isUp
  }

  #shipper(world: World, life: Life, keyspace: LocalKeyspace, epoch: number): LogShipper {
    const { names } = this.#cloud
    const others = names.filter(name => name !== this.name)
    return new LogShipper({
      world,
      own: this.name,
      epoch,
      keyspace,
      checkpoint: () => openCheckpoint(world.disk, '/log'),
      line: name => this.#line(name, life),
      wanted: () => ({ others, copies: 2, least: 1 }),
      inSync: () => [...new Set([...this.known.inSync, ...this.adding])],
      agree: inSync => this.#agree(inSync, epoch, life),
      deposed: () => undefined,
    })
  }

  async #agree(inSync: readonly string[], epoch: number, life: Life): Promise<void> {
    const cloud = this.#cloud
    if (cloud.canary?.agreesAlone === true) {
      this.known = { ...this.known, inSync }
      return
    }
    const was = this.known
    const next = { ...was, inSync }
    this.adding = [...new Set([...this.adding, ...inSync])]
    await cloud.travel(this.name, CONTROLLER)
    const filesystems = changedHomes(
      { filesystems: [cloud.record], machines: rows(cloud.names) },
      { filesystem: NAME, was, next },
      this.name,
    )
    cloud.record = (filesystems === undefined ? undefined : homeOf({ filesystems }, NAME)) ?? cloud.record
    const answer = cloud.record
    await cloud.travel(CONTROLLER, this.name)
    if (life.ended) return
    if (answer.epoch !== epoch) throw new Fault('OldEpoch', { status: 409, retry: 'never' }, 'there is a later home')
    this.known = answer
    this.adding = []
    if (filesystems === undefined) throw later('the record was another')
  }

  #line(name: string, life: Life): StandbyLine {
    const cloud = this.#cloud
    const there = async <Value extends object | number>(
      epoch: number,
      run: (standby: Standby) => Promise<Value>,
    ): Promise<Value> => {
      await cloud.travel(this.name, name)
      const other = cloud.find(name)
      const standby = other?.serves(this.name, epoch)
      if (other === undefined || standby === undefined || life.ended) throw later('nobody is there')
      const value = await Promise.race([run(standby), other.gone.promise])
      if (value === 'gone') throw later('it ended')
      await cloud.travel(name, this.name)
      return value
    }
    return {
      reach: epoch => there(epoch, async standby => (standby.follow(epoch), standby.reach)),
      append: (batch, syncTo, signal) =>
        there(batch.epoch, async standby => {
          standby.append(batch)
          await standby.sync(batch.epoch, syncTo, signal)
          return standby.reach.durable
        }),
      fill: (epoch, pieces) =>
        there(epoch, async standby => {
          await standby.fill(epoch, toAsync([...pieces]))
          return standby.reach
        }),
    }
  }

  /** Its standby for a home, which must be the one it knows. Faults: OldEpoch. */
  serves(home: string, epoch: number): Standby | undefined {
    if (epoch < this.known.epoch) {
      throw new Fault('OldEpoch', { status: 409, retry: 'never' }, 'there is a later home')
    }
    return this.known.home === home && this.known.epoch === epoch ? this.standby : undefined
  }
}

/** Machines as the map has them. */
function rows(names: readonly string[]): MapMachine[] {
  return names.map(name => ({ name, role: 'node', zone: '', addresses: [], state: 'Online', disks: [] }))
}

function later(why: string): Error {
  return new Fault('Unreachable', { status: 503, retry: 'later' }, why)
}

async function* toAsync(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

function newImage(): DiskImage {
  const image = new DiskImage()
  image.names.set('/', 'folder')
  image.durableNames.set('/', 'folder')
  return image
}

const NO_FAULTS: DiskFaults = { fault: () => undefined, crash: () => undefined, lies: () => false }
