import { isFault, type World } from '#base'
import {
  type HeardMachine,
  type Links,
  mapBytes,
  type MapFilesystem,
  type MapStore,
  type NodeMap,
  SUSPECT_MS,
} from '#cluster'
import { type Candidacy, type Cluster, homesController, lead, type Term } from '#controllers'
import { type KeepHome, LEADING_COUNTS_MS, setHome } from '#main'
import { message } from '#rpc'
import type { KubeObject } from '#schema'
import type { Decisions } from './decisions.ts'
import type { SharedMap } from './shared-map.ts'

/** What controllers of a cloud work with, beside each one's own. */
export interface ControlSetting {
  readonly shared: SharedMap
  readonly decisions: Decisions
  /** True when there is no other controller. */
  readonly isAlone: boolean
  /** Hears of each map that is kept. */
  changed(before: NodeMap | undefined, after: NodeMap): void
  /** Hears that the leader, not people, has named a home. */
  named(record: MapFilesystem): void
  /** The map as it is handed over: the same, but for planted bugs. */
  spoil(map: NodeMap): NodeMap
}

/** The storage process of a controller's machine, as its control process knows it. */
export interface ControlledMachine {
  readonly name: string
  readonly world: World
  readonly links: Links
  readonly maps: MapStore
}

/** The control process of a controller: it follows the map that all share, and makes it while it leads. */
export class Control {
  readonly #setting: ControlSetting
  readonly #machine: ControlledMachine

  constructor(setting: ControlSetting, machine: ControlledMachine) {
    this.#setting = setting
    this.#machine = machine
  }

  /** Runs for as long as its process does. */
  async run(): Promise<void> {
    const { clock } = this.#machine.world
    const work = (signal: AbortSignal, term: Term) => this.#work(signal, term)
    const alone = { othersMs: clock.monotonicMs() }
    if (this.#setting.isAlone) await Promise.all([this.#follow(), this.#confirm(), work(NEVER, alone)])
    else await Promise.all([this.#follow(), lead(this.#candidacy(), work, NEVER)])
  }

  /** Changes the record of a filesystem for a machine. */
  readonly keep: KeepHome = async (asked, signal) => {
    const { outcome, map } = await setHome(this.#stored, asked, signal)
    return message({ outcome }, mapBytes(map))
  }

  // Nobody else could lead: it is confirmed as often as by a lease.
  async #confirm(): Promise<void> {
    for (;;) {
      this.#leads(this.#machine.world.clock.monotonicMs())
      await this.#sleep(CONFIRM_MS)
    }
  }

  #leads(sentMs: number): void {
    const { links, world } = this.#machine
    links.leadership.own(sentMs + LEADING_COUNTS_MS - world.clock.monotonicMs())
  }

  async #follow(): Promise<void> {
    const { maps } = this.#machine
    for (;;) {
      const { map } = await this.#stored.read().catch(nothingWhenUnreached)
      if (map !== undefined && (maps.map.version < map.version || !maps.map.isShared)) await maps.take(map)
      await this.#sleep(FOLLOW_MS)
    }
  }

  async #work(signal: AbortSignal, term: Term): Promise<void> {
    await using _homes = homesController({ world: this.#machine.world }, this.#cluster, term)
    while (!signal.aborted) {
      await this.#look().catch(nothingWhenUnreached)
      await this.#sleep(LOOK_MS)
    }
  }

  // Computes the map anew from what the storage process has heard.
  async #look(): Promise<void> {
    const { name, maps } = this.#machine
    const { decisions } = this.#setting
    const { map, revision } = await this.#stored.read()
    const next = decisions.nextMap(map, {
      own: name,
      heard: this.#heard,
      versionThere: maps.map.isShared ? maps.map.version : 0,
    })
    if (next !== map) await this.#stored.write(this.#setting.spoil(next), revision)
  }

  get #heard(): ReadonlyMap<string, HeardMachine> {
    return new Map(this.#machine.links.heard().map(({ name, row }) => [name, row()]))
  }

  get #cluster(): Pick<Cluster, 'map' | 'heard' | 'silentMs' | 'setHome'> {
    const { shared } = this.#setting
    const heard = () => this.#heard
    return {
      get map() {
        return shared.map
      },
      get heard() {
        return heard()
      },
      silentMs: name => this.#silentMs(name),
      setHome: async (change, signal) => {
        const changed = await setHome(this.#stored, change, signal)
        if (changed.outcome === 'done' && change.next !== undefined) this.#setting.named(change.next)
        return changed
      },
    }
  }

  #silentMs(name: string): number | undefined {
    const heard = this.#heard.get(name)
    if (heard === undefined) return undefined
    return heard.state === 'Online' || heard.state === 'Draining' ? 0 : (heard.agoMs ?? SUSPECT_MS)
  }

  readonly #stored = {
    read: async () => {
      const { shared } = this.#setting
      return this.#ask(() => ({ map: shared.map, revision: shared.revision }))
    },
    write: async (map: NodeMap, revision: number) => {
      const { shared } = this.#setting
      return this.#ask(() => {
        const before = shared.map
        const isKept = shared.write(map, revision)
        if (isKept) this.#setting.changed(before, map)
        return isKept
      })
    },
  }

  #candidacy(): Candidacy {
    const { shared } = this.#setting
    const client: Candidacy['client'] = {
      find: async () => this.#ask(() => shared.lease),
      create: async (_, lease) => this.#ask(() => shared.writeLease(lease, undefined)),
      watch: () => this.#leases(),
      update: async (_, lease) => this.#ask(() => shared.writeLease(lease, lease.metadata.resourceVersion)),
    }
    const { world, name, links } = this.#machine
    const lease = { namespace: 'sim', name: 'lease' }
    return { client, world, lease, identity: `${name} ${links.boot}`, held: sentMs => this.#leads(sentMs) }
  }

  async *#leases(): AsyncGenerator<{ readonly kind: 'modified'; readonly object: KubeObject }> {
    for (let last: KubeObject | undefined; ; ) {
      const object = await this.#ask(() => this.#setting.shared.lease)
      if (object !== undefined && object !== last) yield { kind: 'modified', object }
      last = object
      await this.#sleep(TOLD_MS)
    }
  }

  #ask<Value>(step: () => Value): Promise<Value> {
    return this.#setting.shared.ask(this.#machine.name, this.#machine.world, step)
  }

  #sleep(ms: number): Promise<void> {
    return this.#machine.world.clock.sleep(ms, NEVER)
  }
}

function nothingWhenUnreached(error: unknown): { readonly map: undefined } {
  if (isFault(error)) return { map: undefined }
  throw error
}

const NEVER = new AbortController().signal
const LOOK_MS = 500
const FOLLOW_MS = 250
const TOLD_MS = 100
const CONFIRM_MS = 1_000
