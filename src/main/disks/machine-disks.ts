import { whyOf, type World } from '#base'
import { DISKS_MAX, type DiskReport } from '#cluster'
import type { ChunkWorkers } from '#storage/chunks'
import { Disks, type DiskTrouble } from '#storage/disks'
import { DISK_PROBE_MS } from '../limits.ts'
import { checkCandidate } from './candidate.ts'
import { type DiskFile, type DiskRecord, keepDiskFile, readDiskFile } from './disk-file.ts'
import { openReport } from './disk-report.ts'
import { ownDiskId } from './first-disk.ts'
import { forgetFolder, identityAt, isWritable, newIdentity } from './identity.ts'
import type { Machine } from './machine.ts'
import { type OpenDisk, openStoreIn, partOf, tryOpen, withScrubber } from './open-disk.ts'
import { type LostDisk, type OtherDisk, reportOf, scrubbedMs, type ThereDisk } from './other-disk.ts'
import {
  firstStays,
  noSuchDisk,
  notUsable,
  onlyDisk,
  refuseFull,
  refuseSmallShare,
  shareStays,
  tooManyDisks,
} from './refusals.ts'

/** What the disks of a machine are opened with. */
export interface MachineDisksOptions {
  readonly world: World
  readonly dataFolder: string
  readonly workers: ChunkWorkers
  /** A disk is given up: only a storage process that opens everything anew goes on, without what that had not made durable. */
  readonly failed: (id: string) => void
  readonly machine: Machine
}

/**
 * The disks of this machine: that of the data folder, which is always there, and those that were added. They are remembered in the
 * data folder, so one that is not found is missing, never empty; the machine goes on without it.
 */
export class MachineDisks implements AsyncDisposable {
  /** The chunks of all of them. */
  readonly store: Disks
  readonly #options: MachineDisksOptions
  readonly #first: OpenDisk
  readonly #others = new Map<string, OtherDisk>()
  readonly #probedMs = new Map<string, number>()
  #isFirstDraining: boolean
  #people: { readonly isBusy: boolean } = { isBusy: false }
  /** Changes go one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  /** Opens all that are there. Faults: DataFolder; those of the chunk store of the first. */
  static async open(options: MachineDisksOptions): Promise<MachineDisks> {
    const { world, dataFolder } = options
    const file = readDiskFile(world.disk, dataFolder)
    const id = await ownDiskId(world, dataFolder)
    const store = await openStoreIn(options, { path: dataFolder })
    const disks = new MachineDisks(options, withScrubber(world, { id, path: dataFolder }, store), file)
    await Promise.all(file.disks.map(record => disks.#find(record)))
    await disks.#keep()
    return disks
  }

  private constructor(options: MachineDisksOptions, first: OpenDisk, file: DiskFile) {
    const { workers, world } = options
    this.#options = options
    this.#first = first
    this.#isFirstDraining = file.isFirstDraining === true
    const trouble = (id: string, told: DiskTrouble): void => {
      this.#trouble(id, told).catch((error: unknown) => {
        world.log.warn('a failing disk was not noted', { disk: id, error: whyOf(error) })
      })
    }
    this.store = new Disks({ workers, log: world.log, first: partOf(first), trouble })
    this.store.drain(first.id, this.#isFirstDraining)
  }

  /** What is said of each, as it is now; that of the data folder first. */
  get reports(): readonly DiskReport[] {
    const { id, path, store } = this.#first
    const isDraining = this.#isFirstDraining
    const first = { id, path, scrubbedMs: scrubbedMs(this.#first), isDraining, isLeaving: isDraining }
    const nowMs = this.#options.world.clock.monotonicMs()
    return [openReport(first, store), ...Array.from(this.#others.values(), other => reportOf(other, nowMs))]
  }

  /** Those that are there. */
  get open(): readonly OpenDisk[] {
    return [this.#first, ...[...this.#others.values()].flatMap(({ open }) => open ?? [])]
  }

  /** Disks that were away, and may hold what was copied meanwhile. */
  get returned(): readonly string[] {
    const others = [...this.#others.values()]
    return others.filter(({ open, record }) => open !== undefined && record.wasAway).map(({ record }) => record.id)
  }

  /** True while people read or write. */
  get isBusy(): boolean {
    return this.#people.isBusy
  }

  /** What is done in the background holds back from now on while people are busy. */
  stayBehind(people: { readonly isBusy: boolean }): void {
    this.#people = people
    for (const { scrubber } of this.open) scrubber.stayBehind(people)
  }

  /**
   * Uses the disk at a folder from now on, or again: one that failed is tried again, one that is drained takes part again. What of
   * it may be used is as before, or all, when `bytesMax` is undefined. Faults: Invalid, which says what is in the way.
   */
  add(path: string, bytesMax: number | undefined): Promise<DiskReport> {
    return this.#next(async () => {
      if (bytesMax !== undefined) refuseSmallShare(path, bytesMax)
      const { world, dataFolder, machine } = this.#options
      const others = Array.from(this.#others.values(), each => ({
        path: each.record.path,
        isThere: each.open !== undefined,
      }))
      const isSized = bytesMax !== undefined || others.some(each => each.path === path)
      const folder = await checkCandidate({ path, isSized, dataFolder, others }, machine)
      const known = identityAt(world.disk, folder)
      const before = known === undefined ? undefined : this.#others.get(known)
      if (before === undefined && this.#others.size >= DISKS_MAX - 1) throw tooManyDisks()
      const share = bytesMax ?? before?.record.bytesMax
      if (before?.open !== undefined && before.record.bytesMax !== share) throw shareStays(folder)
      const id = known ?? (await newIdentity(world, folder))
      const record = recordOf({ id, path: folder, bytesMax: share, wasAway: before?.record.wasAway })
      await this.#use(record, before)
      return this.#reportOf(id)
    })
  }

  /** Nothing new goes to a disk from now on, and what it holds shall go elsewhere. Faults: NotFound, Invalid. */
  drain(id: string): Promise<DiskReport> {
    return this.#next(async () => {
      const other = this.#others.get(id)
      if (other !== undefined) this.#set({ ...other, record: { ...other.record, isDraining: true } })
      else if (id !== this.#first.id) throw noSuchDisk(id)
      else if (this.#others.size === 0) throw onlyDisk()
      else this.#isFirstDraining = true
      this.store.drain(id, true)
      await this.#keep()
      return this.#reportOf(id)
    })
  }

  /** The disk of the data folder takes chunks again. */
  undrainFirst(): Promise<DiskReport> {
    return this.#next(async () => {
      this.#isFirstDraining = false
      this.store.drain(this.#first.id, false)
      await this.#keep()
      return this.#reportOf(this.#first.id)
    })
  }

  /** What people should know of a disk that is there, from now on. */
  note(id: string, message: string | undefined): void {
    const other = this.#others.get(id)
    if (other?.open !== undefined) this.#set({ ...other, message })
  }

  /** Nothing that a disk brought back is there twice any more. */
  settled(id: string): Promise<void> {
    return this.#next(async () => {
      const other = this.#others.get(id)
      if (other === undefined) return
      this.#set({ ...other, record: recordOf({ ...other.record, wasAway: undefined }) })
      await this.#keep()
    })
  }

  /**
   * Forgets a disk for good, and takes away what Cairn made on it. One that is there must be drained and empty, unless
   * `isForced`. `name`: what people call it. Faults: NotFound, Busy, Invalid.
   */
  remove({ id, name }: { readonly id: string; readonly name: string }, isForced: boolean): Promise<void> {
    return this.#next(async () => {
      const other = this.#others.get(id)
      if (id === this.#first.id) throw firstStays()
      if (other === undefined) throw noSuchDisk(id)
      const { open, record } = other
      if (open !== undefined && !isForced)
        refuseFull({ name, path: record.path }, open.store, this.store.isDraining(id))
      this.#others.delete(id)
      this.#tellAway()
      if (open !== undefined) await this.#close(open)
      await this.#keep()
      if (open !== undefined) await forgetFolder(record.path)
    })
  }

  /** Looks again for disks that are missing; answers those that are there now. */
  look(): Promise<readonly string[]> {
    return this.#next(async () => {
      const lost = [...this.#others.values()].filter(
        other => other.open === undefined && other.record.failed === undefined,
      )
      const found = await Promise.all(lost.map(({ record }) => this.#find(record)))
      const there = found.filter(({ open }) => open !== undefined).map(({ record }) => record.id)
      if (there.length > 0) await this.#keep()
      return there
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last.catch(() => undefined)
    await Promise.all(this.open.map(({ scrubber }) => scrubber[Symbol.asyncDispose]()))
    await this.store[Symbol.asyncDispose]()
  }

  // A folder whose identity was just made stays as it is when the rest fails: adding it again goes on.
  async #use(record: DiskRecord, before: OtherDisk | undefined): Promise<void> {
    if (before?.open !== undefined) this.#set({ ...before, record })
    else {
      const found = await this.#find(record)
      if (found.open === undefined) {
        if (before === undefined) this.#others.delete(record.id)
        else this.#set(before)
        this.#tellAway()
        throw notUsable(record.path, found.away.why)
      }
      if (before === undefined) await this.#refuseSmall(found.open)
    }
    this.store.drain(record.id, false)
    await this.#keep()
  }

  // What was made on it goes: it may be used for something else.
  async #refuseSmall(open: OpenDisk): Promise<void> {
    if (open.store.space().totalBytes > 0 || open.store.stat().states.held.chunks > 0) return
    this.#others.delete(open.id)
    this.#tellAway()
    await this.#close(open)
    await forgetFolder(open.path)
    throw notUsable(open.path, 'it is too small for what is kept free on every disk')
  }

  async #find(record: DiskRecord): Promise<OtherDisk> {
    const { world } = this.#options
    const { path } = record
    const before = this.#others.get(record.id)
    const found = await tryOpen(this.#options, record)
    if ('why' in found) {
      const known = before?.open === undefined ? before : undefined
      if (known?.away.why !== found.why) world.log.warn('a disk is not used', { path, why: found.why })
      const sinceMs = known?.sinceMs ?? world.clock.monotonicMs()
      return this.#set<LostDisk>({ record: { ...record, wasAway: true }, away: found, sinceMs })
    }
    if (before !== undefined) world.log.info('a disk is used again', { path })
    found.scrubber.stayBehind(this.#people)
    this.store.add(partOf(found))
    this.store.drain(record.id, record.isDraining === true)
    return this.#set<ThereDisk>({ record, open: found })
  }

  async #close({ id, scrubber, store }: OpenDisk): Promise<void> {
    this.store.leave(id)
    await scrubber[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
  }

  #set<Other extends OtherDisk>(other: Other): Other {
    this.#others.set(other.record.id, other)
    this.#tellAway()
    return other
  }

  #tellAway(): void {
    this.store.setAway([...this.#others.values()].some(({ open }) => open === undefined))
  }

  #reportOf(id: string): DiskReport {
    const found = this.reports.find(each => each.id === id)
    if (found !== undefined) return found
    throw noSuchDisk(id)
  }

  // A bad place on a disk is met by scrub and repair; a disk that takes no write is given up, until people add it again.
  async #trouble(id: string, { kind, error }: DiskTrouble): Promise<void> {
    const { world, failed } = this.#options
    const other = this.#others.get(id)
    if (other?.open === undefined || other.record.failed !== undefined) return
    const { path } = other.record
    const nowMs = world.clock.monotonicMs()
    if (kind === 'read') {
      if (nowMs - (this.#probedMs.get(id) ?? Number.NEGATIVE_INFINITY) < DISK_PROBE_MS) return
      this.#probedMs.set(id, nowMs)
      if (await isWritable(world.disk, path)) return
    }
    const why = `it failed: ${whyOf(error)}`.slice(0, WHY_MAX)
    world.log.warn('a disk is given up', { path, why })
    this.#set({ ...other, record: { ...other.record, failed: why, wasAway: true } })
    await this.#next(() => this.#keep())
    failed(id)
  }

  async #keep(): Promise<void> {
    const { world, dataFolder } = this.#options
    const disks = Array.from(this.#others.values(), ({ record }) => record)
    const file = { version: 1, ...(this.#isFirstDraining ? { isFirstDraining: true } : {}), disks } as const
    if (JSON.stringify(file) === JSON.stringify(readDiskFile(world.disk, dataFolder))) return
    await keepDiskFile(world.disk, dataFolder, file)
  }

  #next<Value>(step: () => Promise<Value>): Promise<Value> {
    const mine = this.#last.then(step)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

const WHY_MAX = 1000

// What is undefined is left out, as in the file.
function recordOf({ id, path, bytesMax, isDraining, failed, wasAway }: DiskRecord): DiskRecord {
  return {
    id,
    path,
    ...(bytesMax === undefined ? {} : { bytesMax }),
    ...(isDraining === true ? { isDraining } : {}),
    ...(failed === undefined ? {} : { failed }),
    ...(wasAway === true ? { wasAway } : {}),
  }
}
