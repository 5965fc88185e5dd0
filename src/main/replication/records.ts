import { isFault, type World, whyOf } from '#base'
import {
  type HomeChange,
  homeOf,
  isSameHome,
  type Machines,
  type MapFilesystem,
  nodeFolderOf,
  type NodeMap,
  readSmallFile,
  replaceSmallFile,
} from '#cluster'
import { mainFault } from '../faults.ts'
import { RECORD_AGAIN_MS } from '../limits.ts'

/** Asks a controller to change a record. Faults: NotHome, NoController. */
export type SetHome = (
  change: HomeChange,
  signal: AbortSignal,
) => Promise<{ readonly outcome: 'done' | 'stale'; readonly map: NodeMap }>

/** What records are kept with. */
export interface RecordsParts {
  readonly world: World
  readonly dataFolder: string
  readonly machines: Machines
  readonly setHome: SetHome
}

/**
 * Where filesystems live, as this machine knows it: by the map, or by a record that people have forced without a controller, which is
 * kept in DATA/node/homes.json until a controller has it. The higher epoch holds.
 */
export class HomeRecords implements AsyncDisposable {
  readonly #parts: RecordsParts
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #hearing: Disposable
  readonly #background: Promise<void>
  /** Records that no controller has agreed on yet. */
  #forced: ReadonlyMap<string, MapFilesystem>
  /** What was asked of controllers and is not known to be in the map on this disk: who may be in sync beside those. */
  #adding: ReadonlyMap<string, MapFilesystem>
  /** What a controller has answered before its map came here. */
  readonly #agreed = new Map<string, MapFilesystem>()
  #agreeing = Promise.resolve()

  constructor(parts: RecordsParts) {
    this.#parts = parts
    const { filesystems, adding } = this.#read()
    this.#forced = filesystems
    this.#adding = adding
    this.#hearing = parts.machines.onMap(() => this.#changed())
    this.#background = this.#hand()
  }

  /** Where a filesystem lives; undefined: no machine has said that it has it. */
  of(name: string): MapFilesystem | undefined {
    const { own, map } = this.#parts.machines
    const inMap = map.isShared ? homeOf(map, name) : undefined
    const all = [inMap, this.#agreed.get(name), this.#forced.get(name)].filter(each => each !== undefined)
    const epoch = Math.max(...all.map(each => each.epoch))
    const [first, ...rest] = all.filter(each => each.epoch === epoch)
    if (first?.home !== own) return first
    // In its epoch the home itself knows best; what it has asked for may have been agreed on.
    const known = rest.at(-1) ?? first
    const adding = this.#adding.get(name)
    if (adding?.epoch !== epoch) return known
    return { ...known, inSync: [...new Set([...known.inSync, ...adding.inSync])] }
  }

  /** All that are known, by name. */
  get all(): readonly MapFilesystem[] {
    const names = new Set([...this.#parts.machines.map.filesystems.map(({ name }) => name), ...this.#forced.keys()])
    return [...names].sort().flatMap(name => this.of(name) ?? [])
  }

  /** Those that no controller has agreed on. */
  get forced(): readonly MapFilesystem[] {
    return [...this.#forced.values()]
  }

  /** Runs `run` when records may have changed, until disposed. */
  onChange(run: () => void): Disposable {
    const listener = () => run()
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Takes records that another machine knows: those of a later epoch than is known here are kept, durably. */
  async take(records: readonly MapFilesystem[]): Promise<void> {
    const newer = records.filter(({ name, epoch }) => epoch > (this.of(name)?.epoch ?? 0))
    if (newer.length === 0) return
    const next = new Map(this.#forced)
    for (const record of newer) next.set(record.name, record)
    await this.#keep(next)
  }

  /**
   * This machine, which is the home, has other machines in sync; answers when that is agreed. Faults: OldEpoch (there is a later home),
   * NoController.
   */
  agree(name: string, epoch: number, inSync: readonly string[], signal: AbortSignal): Promise<void> {
    // One after the other: of two that are under way the earlier could be answered last.
    const agreed = this.#agreeing.then(() => this.#agree(name, epoch, inSync, signal))
    this.#agreeing = agreed.catch(() => undefined)
    return agreed
  }

  async #agree(name: string, epoch: number, inSync: readonly string[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { own, machines } = { own: this.#parts.machines.own, machines: this.#parts.machines }
    const now = this.of(name)
    if (now === undefined || now.home !== own || now.epoch !== epoch) throw oldEpoch(name, now)
    const next = { ...now, inSync }
    const inMap = homeOf(machines.map, name)
    const isForced = this.#forced.has(name) && (inMap?.epoch ?? 0) < epoch && !this.#agreed.has(name)
    if (isForced) return this.#keep(new Map([...this.#forced, [name, next]]))
    const onDisk = inMap?.epoch === epoch ? inMap.inSync : []
    const isMore = next.inSync.some(each => !onDisk.includes(each))
    if (isMore) await this.#keep(this.#forced, new Map([...this.#adding, [name, next]]))
    const agreed = this.#agreed.get(name)
    const was = agreed?.epoch === epoch ? agreed : (inMap ?? now)
    const { outcome, map } = await this.#parts.setHome({ filesystem: name, was, next }, signal)
    const record = homeOf(map, name)
    if (record !== undefined) this.#agreed.set(name, record)
    if (record?.home !== own || record.epoch !== epoch) throw oldEpoch(name, record)
    this.#changed()
    if (this.#adding.has(name)) {
      const rest = new Map(this.#adding)
      if (record.inSync.every(each => onDisk.includes(each))) rest.delete(name)
      else rest.set(name, record)
      await this.#keep(this.#forced, rest)
    }
    if (outcome === 'stale')
      throw mainFault('HomeUnreachable', `the record of ${name} was another; it is changed again`)
  }

  /** This machine has a filesystem that nobody has said to have: it says so. Faults: NotHome, NoController. */
  async claim(name: string, signal: AbortSignal): Promise<void> {
    const { own } = this.#parts.machines
    const next = { name, home: own, epoch: 1, inSync: [own] }
    const { map } = await this.#parts.setHome({ filesystem: name, next }, signal)
    const record = homeOf(map, name)
    if (record !== undefined) this.#agreed.set(name, record)
    this.#changed()
  }

  /** There is no filesystem of this name any more. Faults: NotHome, NoController. */
  async drop(name: string, signal: AbortSignal): Promise<void> {
    const was = this.of(name)
    if (was === undefined) return
    await this.#parts.setHome({ filesystem: name, was }, signal)
    this.#agreed.delete(name)
  }

  /** Changes a record by the controllers; answers it as it is then. Faults: NotHome, NoController. */
  async set(change: HomeChange, signal: AbortSignal): Promise<MapFilesystem | undefined> {
    const { map } = await this.#parts.setHome(change, signal)
    const record = homeOf(map, change.filesystem)
    if (record !== undefined) this.#agreed.set(record.name, record)
    this.#changed()
    return record
  }

  /** Keeps a record without a controller. */
  force(record: MapFilesystem): Promise<void> {
    return this.#keep(new Map([...this.#forced, [record.name, record]]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#hearing[Symbol.dispose]()
    await this.#background
  }

  #changed(): void {
    for (const run of this.#listeners) run()
  }

  async #keep(next: ReadonlyMap<string, MapFilesystem>, adding = this.#adding): Promise<void> {
    const { world, dataFolder } = this.#parts
    const text = JSON.stringify({ version: 1, filesystems: [...next.values()], adding: [...adding.values()] })
    world.disk.makeFolder(nodeFolderOf(dataFolder))
    await replaceSmallFile(world.disk, pathOf(dataFolder), text)
    this.#forced = next
    this.#adding = adding
    this.#changed()
  }

  #read(): Kept {
    const { world, dataFolder } = this.#parts
    const text = readSmallFile(world.disk, pathOf(dataFolder))
    if (text === undefined) return NOTHING_KEPT
    try {
      const read: unknown = JSON.parse(text)
      if (typeof read !== 'object' || read === null) return NOTHING_KEPT
      const { filesystems, adding } = { filesystems: [], adding: [], ...read }
      return { filesystems: recordsIn(filesystems), adding: recordsIn(adding) }
    } catch (error) {
      world.log.warn('what was forced of homes cannot be read', { why: whyOf(error) })
      return NOTHING_KEPT
    }
  }

  // What was forced here is handed to a controller as soon as one answers, and forgotten when the map has it.
  async #hand(): Promise<void> {
    const { signal } = this.#closing
    const { world } = this.#parts
    while (!signal.aborted) {
      try {
        for (const record of this.#forced.values()) await this.#handOne(record, signal)
        for (const record of this.#adding.values()) await this.#askAgain(record, signal)
      } catch (error) {
        if (!signal.aborted && !isFault(error)) world.log.warn('homes are not told', { why: whyOf(error) })
      }
      await world.clock.sleep(RECORD_AGAIN_MS, signal).catch(() => undefined)
    }
  }

  // Whether a process before this one was answered: who it asked for is in sync, or is not. What is asked is decided when its turn
  // comes: who was left out meanwhile is not to be taken in again.
  #askAgain({ name, epoch }: MapFilesystem, signal: AbortSignal): Promise<void> {
    const asked = this.#agreeing.then(async () => {
      const { own, map } = this.#parts.machines
      const known = this.of(name)
      if (known?.home !== own || known.epoch !== epoch || isSameHome(homeOf(map, name), known)) return
      await this.#agree(name, epoch, known.inSync, signal)
    })
    this.#agreeing = asked.catch(() => undefined)
    return asked
  }

  async #handOne(record: MapFilesystem, signal: AbortSignal): Promise<void> {
    const { own, map } = this.#parts.machines
    const was = map.isShared ? homeOf(map, record.name) : undefined
    if (was !== undefined && was.epoch >= record.epoch) {
      const isOwn = record.home === own && was.epoch === record.epoch
      if (isOwn && !isSameHome(was, record)) {
        await this.#parts.setHome({ filesystem: record.name, was, next: record }, signal)
      }
      const next = new Map(this.#forced)
      next.delete(record.name)
      return this.#keep(next)
    }
    if (record.home !== own) return
    await this.#parts.setHome({ filesystem: record.name, was, next: record, isForced: true }, signal)
  }
}

function oldEpoch(name: string, record: MapFilesystem | undefined): Error {
  const where = record === undefined ? 'nobody is' : `${record.home} is, in epoch ${record.epoch}`
  return mainFault('OldEpoch', `this machine is the home of ${name} no longer: ${where}`)
}

interface Kept {
  readonly filesystems: ReadonlyMap<string, MapFilesystem>
  readonly adding: ReadonlyMap<string, MapFilesystem>
}

const NOTHING_KEPT: Kept = { filesystems: new Map(), adding: new Map() }

function recordsIn(list: unknown): ReadonlyMap<string, MapFilesystem> {
  return new Map((Array.isArray(list) ? list : []).filter(isRecord).map(record => [record.name, record]))
}

function isRecord(value: unknown): value is MapFilesystem {
  if (typeof value !== 'object' || value === null) return false
  const { name, home, epoch, inSync } = { name: 0, home: 0, epoch: 0, inSync: 0, ...value }
  const isText = typeof name === 'string' && typeof home === 'string' && Number.isSafeInteger(epoch)
  return isText && Array.isArray(inSync) && (inSync as unknown[]).every(each => typeof each === 'string')
}

function pathOf(dataFolder: string): string {
  return `${nodeFolderOf(dataFolder)}/homes.json`
}
