import { type Fault, isFault, type World, whyOf } from '#base'
import type { Client, Duplex, Handler, PeerName } from '#rpc'
import { clusterFault } from '../faults.ts'
import { Bell } from '../hearing/bell.ts'
import { Hearing } from '../hearing/hearing.ts'
import { Leadership } from '../hearing/leadership.ts'
import type { MarkedRow } from '../hearing/told.ts'
import { DIAL_MESH_MS, FORMAT_LEVEL, LACKS_MAX, LOOK_MS, OLDEST_FORMAT_LEVEL, STALL_MS } from '../limits.ts'
import type { Machines, MachineView } from '../machines.ts'
import type { MapStore } from '../map-store.ts'
import type { MachineLoad, MachineReport } from '../methods/beat.ts'
import type { HeardMachine } from '../methods/local.ts'
import type { MapMachine, NodeMap } from '../node-map.ts'
import { machineOf } from '../peer-name.ts'
import { beatOver } from './beat.ts'
import { Entrance } from './entrance.ts'
import { linkHandlers } from './handlers.ts'
import { Link } from './link.ts'
import type { MachineConnection, Wire } from './machine-connection.ts'
import { MapAnswers } from './map-answers.ts'
import { MapFetch } from './map-fetch.ts'
import { isOnMesh, overMesh } from './over-mesh.ts'
import { tellRemoved } from './removed.ts'
import { Standing } from './standing.ts'
import { beatsFirst, upkeepOf } from './upkeep.ts'
import { wantedLinks } from './wanted.ts'

/** A stream of bytes to whoever answers or dialled, with what it has shown. */
export interface Shown {
  readonly duplex: Duplex
  readonly certificate: PeerName
  /** Where the other side is, without a port. */
  readonly host: string
}

/** Dials an address; `name` is the machine that is meant. Faults: Unreachable. */
export type Dial = (name: string, address: string, signal: AbortSignal) => Promise<Shown>

/** Who this machine is to others. */
export interface OwnMachine {
  readonly name: string
  readonly isController: boolean
  /** Of its authority's key; '' in no cloud. */
  readonly cloud: string
}

/** What links work with. */
export interface LinksOptions {
  readonly world: Pick<World, 'clock' | 'entropy' | 'log'>
  readonly software: string
  readonly own: OwnMachine
  readonly maps: MapStore
  readonly dial: Dial
  /** Where controllers may be besides what the map says. */
  readonly places?: (() => readonly string[]) | undefined
  /** The formats it understands; those of this version when undefined. */
  readonly formats?: { readonly oldest: number; readonly newest: number } | undefined
  /** Machines that the process before this one did not hear. */
  readonly silent?: readonly string[] | undefined
}

/** Keeps in touch with the other machines: connections, heartbeats, the map. */
export class Links implements Machines, AsyncDisposable {
  /** Rings when a machine is heard differently: its state, its report. */
  readonly changed = new Bell()
  /** New with each start. */
  readonly boot: string
  readonly hearing: Hearing
  readonly leadership: Leadership
  /** What others are answered who have an older map. */
  readonly mapAnswers: MapAnswers
  /** What this machine uses at the moment: goes along with every heartbeat. */
  load: MachineLoad | undefined
  /** Filesystems whose log the map says that this machine has, and has not; undefined: it does not say. */
  lacks: (() => readonly string[]) | undefined
  /** Heartbeats sent so far. */
  beats = 0
  readonly #options: LinksOptions
  readonly #links = new Map<string, Link>()
  readonly #closing = new AbortController()
  readonly #looking: Promise<void>
  readonly #entrance: Entrance
  readonly #standing: Standing
  readonly #mapFetch: MapFetch
  readonly #mapHeard: Disposable
  /** What other machines may call besides heartbeats; undefined: nobody is to be called yet. */
  #handlers: readonly Handler[] | undefined
  #own: OwnMachine
  #report: MachineReport | undefined
  #marks = ''
  /** When it was looked after connections last, and since when this process has not stood still. */
  #lookedMs: number
  #listeningMs = 0

  constructor(options: LinksOptions) {
    const { world, maps, own } = options
    this.#options = options
    this.#own = own
    this.hearing = new Hearing(world.clock, options.silent)
    this.leadership = new Leadership(world.clock)
    this.boot = Buffer.from(world.entropy.bytes(16)).toString('hex')
    this.#lookedMs = world.clock.monotonicMs()
    this.#standing = new Standing(world.clock)
    this.#mapFetch = new MapFetch(world, maps)
    this.mapAnswers = new MapAnswers(maps.map)
    this.#entrance = new Entrance({
      world,
      software: options.software,
      hearing: this.hearing,
      says: () => this.#says(),
      beat: () => this.inBeat(),
      isRevoked: serial => this.#isRevoked(serial),
    })
    this.#mapHeard = maps.onMap(map => {
      this.mapAnswers.note(map)
      this.leadership.mapIs(map.version)
      this.#mapChanged()
    })
    this.#looking = this.#lookOn()
  }

  /** Begins to keep connections, on which other machines may call these besides heartbeats; each checks who calls. */
  serve(handlers: readonly Handler[]): void {
    this.#handlers = handlers
    this.#mapChanged()
  }

  get own(): string {
    return this.#own.name
  }

  get isController(): boolean {
    return this.#own.isController
  }

  get map(): NodeMap {
    return this.#options.maps.map
  }

  /** What this machine says of itself; another object when it has changed. */
  get report(): MachineReport | undefined {
    return this.#report
  }

  set report(report: MachineReport) {
    this.#report = report
    this.changed.ring()
  }

  /** Why controllers do not let this machine in: Removed, or Duplicate; undefined: it is in. */
  get refusal(): Fault | undefined {
    return this.#standing.refusal
  }

  /** Where another machine is that shows the name of this one, and is not let in. */
  get ownDuplicate(): string | undefined {
    return this.#standing.duplicate
  }

  /** What a machine has and uses, as far as it is heard here. */
  loadOf(name: string): ReturnType<Hearing['loadOf']> {
    if (name !== this.own) return this.hearing.loadOf(name)
    return this.#report === undefined || this.load === undefined ? undefined : { report: this.#report, load: this.load }
  }

  /** Why another machine cannot be talked to: its version. */
  misfit(name: string): Fault | undefined {
    return this.#entrance.misfit(name)
  }

  /** What every heartbeat says. */
  inBeat() {
    const now = { boot: this.boot, mapVersion: this.map.version, wallMs: this.wallMs() }
    const lacks = this.#lacks()
    return lacks === undefined ? now : { ...now, lacks }
  }

  /** Takes what a machine has said of this one; `how` tells what. */
  stands(how: (standing: Standing) => void): void {
    const before = this.refusal
    how(this.#standing)
    const after = this.refusal
    if (before?.code === after?.code) return
    const { log } = this.#options.world
    if (after === undefined) log.info('this machine is let in again')
    else log.warn('this machine is not let in', { why: after.message })
    this.#mapChanged()
  }

  /** Wall time, milliseconds since 1970. */
  wallMs(): number {
    return Number(this.#options.world.clock.wallNs() / 1_000_000n)
  }

  onMap(run: (map: NodeMap) => void): Disposable {
    return this.#options.maps.onMap(run)
  }

  client(name: string): Client | undefined {
    const best = this.#links.get(name)?.best
    if (best !== undefined) best.usedMs = this.#nowMs()
    return best?.client
  }

  async connect(name: string, signal: AbortSignal): Promise<Client> {
    signal.throwIfAborted()
    const there = this.client(name)
    if (there !== undefined) return there
    if (name === this.own) throw clusterFault('NoPath', `${name} is this machine`)
    if (!this.#isServing) throw clusterFault('NoPath', 'this machine is not in touch with others now')
    if (this.#machine(name) === undefined) throw clusterFault('NoPath', `there is no machine ${name} in the map`)
    const stopped = Promise.withResolvers<never>()
    const stop = () => stopped.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      return (await Promise.race([this.#link(name).arrive(), stopped.promise])).client
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  get leaderAgoMs(): number | undefined {
    return this.leadership.agoMs
  }

  states(): readonly MachineView[] {
    const others = this.map.machines.filter(({ name }) => name !== this.own)
    const wanted = this.#wanted()
    return others.map(({ name, state }) => {
      const best = this.#links.get(name)?.best
      // Who is not listened to from here is as the controllers say.
      const said = state === 'Draining' ? 'Online' : state
      const isHeard = best !== undefined || wanted.has(name)
      const heard = isHeard ? this.hearing.state(name, state) : said
      return { name, state: heard, isConnected: best !== undefined, rttMs: best?.rttMs }
    })
  }

  /** Connections with a machine that are open. */
  connectionsOf(name: string): number {
    return this.#links.get(name)?.connections.filter(({ isOpen }) => isOpen).length ?? 0
  }

  /** Takes a connection that another machine has made; closes one that may not be. */
  async accept({ duplex, certificate, host }: Shown): Promise<void> {
    const subject = machineOf(certificate)
    const isOwn = subject?.name === this.own
    if (subject === undefined || isOwn || !this.#isServing) return duplex.destroy()
    if (this.#isRevoked(certificate.serial)) {
      return tellRemoved(duplex, { ...this.#options.world, software: this.#options.software }, this.#closing.signal)
    }
    const isOverMesh = isOnMesh(host, this.#machine(subject.name))
    try {
      const connection = await this.#open({ duplex, certificate, subject, host, isOverMesh, isDialled: false })
      this.#link(subject.name).add(connection)
      this.#begin(connection)
    } catch (error) {
      if (isFault(error, 'Duplicate') || isFault(error, 'Unsupported')) return // said already
      this.#options.world.log.info('a machine went before it was connected', {
        machine: subject.name,
        why: whyOf(error),
      })
    }
  }

  /** This machine is called otherwise from now on, or shows another certificate. */
  become(own: OwnMachine): void {
    const isOther = own.name !== this.#own.name || own.cloud !== this.#own.cloud
    this.#own = own
    if (isOther) for (const link of this.#links.values()) for (const each of link.connections) each.cut()
    this.#mapChanged()
  }

  /** What was heard of each machine of the map and beyond, and of this one. */
  heard(): readonly MarkedRow[] {
    const states = new Map(this.map.machines.map(({ name, state }) => [name, state]))
    const others = new Set([...states.keys(), ...this.hearing.names])
    others.delete(this.own)
    const rows = Array.from(others, name => ({
      name,
      mark: this.hearing.mark(name, states.get(name)),
      row: () => this.hearing.row(name, states.get(name)),
    }))
    const mark = JSON.stringify([this.#report ?? {}, this.#lacks() ?? []])
    const own = { name: this.own, mark, row: () => this.#ownRow() }
    return [own, ...rows]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#mapHeard[Symbol.dispose]()
    for (const link of this.#links.values()) link.isWanted = false
    await this.#looking
    await Promise.all(this.#connections().map(each => each[Symbol.asyncDispose]()))
    await this.#entrance[Symbol.asyncDispose]()
    await this.#mapFetch.ended()
  }

  #ownRow(): HeardMachine {
    const row = { name: this.own, state: 'Online', agoMs: 0, skewMs: 0 } as const
    const lacks = this.#lacks()
    return {
      ...row,
      ...(lacks === undefined ? {} : { lacks }),
      ...(this.#report === undefined ? {} : { report: this.#report }),
    }
  }

  #lacks(): readonly string[] | undefined {
    return this.lacks?.().slice(0, LACKS_MAX)
  }

  #machine(name: string): MapMachine | undefined {
    return this.map.machines.find(machine => machine.name === name)
  }

  #addresses(name: string): readonly string[] {
    const machine = this.#machine(name)
    const { addresses = [], role } = machine ?? {}
    const places = role === 'controller' ? (this.#options.places?.() ?? []) : []
    const last = overMesh(machine)
    return [...new Set([...addresses, ...places, ...(last === undefined ? [] : [last])])]
  }

  get #isServing(): boolean {
    return this.#handlers !== undefined && !this.#closing.signal.aborted
  }

  #isRevoked(serial: string): boolean {
    return this.map.revoked.includes(serial)
  }

  #connections(): readonly MachineConnection[] {
    return Array.from(this.#links.values()).flatMap(link => link.connections)
  }

  #link(name: string): Link {
    const known = this.#links.get(name)
    if (known !== undefined) return known
    const link = new Link(name, {
      world: this.#options.world,
      own: () => this.own,
      addresses: each => this.#addresses(each),
      laterMs: (each, address) => (address === overMesh(this.#machine(each)) ? DIAL_MESH_MS : 0),
      dial: (each, address, signal) => this.#dial(each, address, signal),
    })
    this.#links.set(name, link)
    return link
  }

  async #dial(name: string, address: string, signal: AbortSignal): Promise<MachineConnection> {
    const both = AbortSignal.any([signal, this.#closing.signal])
    const { duplex, certificate, host } = await this.#options.dial(name, address, both)
    const subject = machineOf(certificate)
    if (subject?.name !== name || this.#isRevoked(certificate.serial)) {
      duplex.destroy()
      throw clusterFault('NoPath', `at ${address} answers ${certificate.name}, which is not ${name}`)
    }
    const isOverMesh = address === overMesh(this.#machine(name))
    const connection = await this.#open({ duplex, certificate, subject, host, isOverMesh, isDialled: true })
    this.#begin(connection)
    return connection
  }

  #open(wire: Wire): Promise<MachineConnection> {
    const own = linkHandlers(this, wire, map => this.#newer(map))
    return this.#entrance.open(wire, [...own, ...(this.#handlers ?? [])], this.#closing.signal)
  }

  // What the cloud uses is the least that it speaks: who understands only older formats is refused.
  #says() {
    const { oldest, newest } = this.#options.formats ?? { oldest: OLDEST_FORMAT_LEVEL, newest: FORMAT_LEVEL }
    const { isShared, level } = this.map
    const oldestLevel = isShared ? Math.min(Math.max(level, oldest), newest) : oldest
    return { level: newest, oldestLevel, boot: this.boot }
  }

  // A copy of another machine keeps asking controllers, and leaves the others alone.
  #wanted(): ReadonlySet<string> {
    const wanted = this.#isServing ? wantedLinks(this.map, this.own) : new Set<string>()
    if (!isFault(this.refusal, 'Duplicate')) return wanted
    return new Set(
      this.map.machines.filter(({ role, name }) => role === 'controller' && wanted.has(name)).map(each => each.name),
    )
  }

  #begin(connection: MachineConnection): void {
    const { name } = connection.wire.subject
    this.hearing.touch(name, this.#nowMs())
    this.hearing.connect(name, connection.client.peer.machine?.boot)
    this.changed.ring()
    if (beatsFirst(this.#own, connection.wire.subject)) this.#beat(connection)
    void connection.done.then(() => this.changed.ring())
  }

  #mapChanged(): void {
    const wanted = this.#wanted()
    const isCopy = isFault(this.refusal, 'Duplicate')
    for (const name of wanted) this.#link(name).isWanted = true
    for (const link of this.#links.values()) {
      if (isCopy && !wanted.has(link.name)) for (const each of link.connections) each.cut()
      if (!wanted.has(link.name)) link.isWanted = false
      else if (link.best === undefined) link.wake()
    }
    for (const connection of this.#connections()) {
      if (this.#isRevoked(connection.wire.certificate.serial)) connection.cut()
      else if (this.isController) this.#beat(connection) // so that all hear of it now
    }
    this.changed.ring()
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#closing
    const { clock } = this.#options.world
    while (!signal.aborted) {
      this.#forgive()
      const wanted = this.#wanted()
      for (const link of this.#links.values()) this.#look(link, wanted.has(link.name))
      this.#lookAtMarks()
      await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
  }

  // A process that was stopped, or a machine that was paused, has heard nobody meanwhile: that says nothing about them.
  #forgive(): void {
    const nowMs = this.#nowMs()
    const stoodMs = nowMs - this.#lookedMs - LOOK_MS
    this.#lookedMs = nowMs
    if (stoodMs < STALL_MS) return
    this.#listeningMs = nowMs
    this.hearing.forgive(stoodMs)
  }

  #look(link: Link, isWanted: boolean): void {
    const { best } = link
    const nowMs = this.#nowMs()
    for (const connection of link.connections) {
      this.hearing.touch(link.name, connection.heardMs)
      connection.surplusMs = connection === best ? undefined : (connection.surplusMs ?? nowMs)
      const looking = { nowMs, own: this.#own, listeningMs: this.#listeningMs, isWanted }
      const upkeep = upkeepOf(connection, looking)
      if (upkeep === 'cut') connection.cut()
      if (upkeep === 'beat') this.#beat(connection)
    }
    if (link.isOver) this.#links.delete(link.name)
  }

  #beat(connection: MachineConnection): void {
    void beatOver(this, { connection, clock: this.#options.world.clock }, this.#closing.signal).then(newer => {
      if (newer !== undefined) this.#newer(newer)
    })
  }

  #newer({ name, version }: { readonly name: string; readonly version: number }): void {
    this.#mapFetch.newer(version, this.#links.get(name)?.best, this.#closing.signal)
  }

  #lookAtMarks(): void {
    const heard = this.heard()
    this.hearing.forget(new Set(this.map.machines.map(({ name }) => name)))
    const marks = heard.map(({ name, mark }) => `${name} ${mark}`).join('\n')
    if (marks === this.#marks) return
    this.#marks = marks
    this.changed.ring()
  }

  #nowMs(): number {
    return this.#options.world.clock.monotonicMs()
  }
}
