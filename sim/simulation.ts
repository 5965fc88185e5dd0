import { isFault, isSystemError } from '#base'
import { ERRNO, type Errno, ROOT_INO } from '#storage/fs'
import { type Canary, lyingWith } from './canaries.ts'
import { DiskImage } from './disk/image.ts'
import { cutPower } from './disk/power-cut.ts'
import { Life } from './life.ts'
import { Expectation } from './model/expectation.ts'
import { observe } from './model/observe.ts'
import { checkReachable } from './model/reachable.ts'
import { SnapshotBook } from './model/snapshot-book.ts'
import { checkUsage } from './model/usage.ts'
import { mustHold, Violation } from './model/violation.ts'
import { faultsOf, type LifePlan, planLife, planRun, type PlanKind, type RunPlan } from './plan.ts'
import { Random } from './random.ts'
import { flipBit, NOTHING_RESTS, restingOn } from './rot.ts'
import { Scheduler, turn } from './scheduler.ts'
import { openStack, type Stack } from './stack.ts'
import { Trace } from './trace.ts'
import { act } from './workload/actor.ts'
import { syncAll } from './workload/contents.ts'
import { Floor } from './workload/floor.ts'
import { Content, never, type Setting } from './workload/setting.ts'
import { type Machine, openSimWorld, type SimWorld } from './world.ts'

/** What to run. */
export interface SimulationOptions {
  readonly seed: number
  /** Operations in all lives together. */
  readonly operations: number
  readonly plan?: PlanKind | undefined
  readonly canary?: Canary | undefined
  readonly print?: boolean | undefined
}

/** How a run went, as plain values. `violation` says what must not have happened, and where that was seen. */
export interface Outcome {
  readonly seed: number
  readonly plan: PlanKind
  readonly traceHash: string
  /** The last lines of the trace. */
  readonly tail: readonly string[]
  readonly violation: string | undefined
  readonly lives: number
  readonly operationsDone: number
}

/** Runs one seed from an empty disk through several lives of the program; the same options give the same trace. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const simulation = new Simulation(options)
  let violation: Error | undefined
  try {
    await simulation.run()
  } catch (error) {
    violation = error instanceof Error ? error : new Error(String(error))
  }
  return simulation.outcome(violation)
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: Random
  readonly #trace: Trace
  readonly #machine: Machine
  readonly #plan: RunPlan
  readonly #content: Content
  readonly #expected = new Expectation()
  readonly #snapshots = new SnapshotBook()
  readonly #tally = { done: 0, refused: 0, failed: 0 }
  #image = emptyImage()
  #lives = 0
  /** The worst that happened since the state was last checked. */
  #since: 'nothing' | 'kill' | 'power' = 'nothing'
  #cacheDropped = false
  /** A life began without a mount: what was held open is let go, now or when one comes to its work. */
  #unmounted = false
  #rotten = false
  #resting = NOTHING_RESTS
  #boot = 1
  /** The lowest revision that an opening found since the state was last checked: later ones were made by openings. */
  #foundRevision = Number.MAX_SAFE_INTEGER
  /** Openings since the state was last checked: each takes over what was staged before. */
  #openings = 0

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#trace = new Trace(options.print ?? false)
    this.#plan = planRun(this.#random.fork(), options.canary?.plan ?? options.plan)
    this.#content = new Content(this.#random.fork())
    this.#machine = {
      scheduler: new Scheduler(),
      random: this.#random.fork(),
      trace: this.#trace,
      capacity: { bytes: this.#plan.capacityBytes },
      wall: { offsetMs: 0 },
    }
  }

  async run(): Promise<void> {
    const share = Math.ceil(this.#options.operations / this.#plan.lives)
    this.#trace.line(`plan ${JSON.stringify(this.#plan)}`)
    for (let number = 1; number <= this.#plan.lives; number++) {
      const plan = planLife(this.#random.fork(), this.#plan)
      if (!(await this.#live(plan, share))) return
    }
    await this.#live(LAST_LIFE, 0)
  }

  outcome(violation: Error | undefined): Outcome {
    const { seed } = this.#options
    const operationsDone = this.#tally.done
    if (violation !== undefined) this.#trace.line(`violation ${violation.message}`)
    const { tail } = this.#trace
    return {
      seed,
      plan: this.#plan.kind,
      traceHash: this.#trace.digest(),
      tail,
      violation: violation?.stack ?? violation?.message,
      lives: this.#lives,
      operationsDone,
    }
  }

  /** One life of the program; false when its data was refused by name and the run is over. */
  async #live(plan: LifePlan, operations: number): Promise<boolean> {
    const life = new Life(++this.#lives)
    this.#trace.line(`life ${life.number} ${JSON.stringify(plan)}`)
    this.#rot(this.#image, plan.rot.before)
    const { canary } = this.#options
    const faults = lyingWith(canary, faultsOf(plan))
    const world = openSimWorld(this.#machine, life, this.#image, faults)
    const isMounted = plan.isMounted && this.#since !== 'power' && !this.#unmounted
    this.#unmounted = !isMounted
    let over: { readonly error: unknown } | undefined
    const body = this.#body({ life, world, plan, isMounted, operations })
    body.then(
      () => (over = { error: undefined }),
      (error: unknown) => (over = { error }),
    )
    await turn()
    await this.#drive({ life, world, plan }, () => over !== undefined)
    if (life.left !== undefined) return this.#ended(life.left, plan, world)
    if (over?.error !== undefined) return this.#failed(over.error, plan, world)
    return this.#closed(world, plan)
  }

  // Lets events happen until the life is over, ends by force, or nothing more comes of it.
  async #drive({ life, world, plan }: Pick<Living, 'life' | 'world' | 'plan'>, isOver: () => boolean): Promise<void> {
    const { scheduler, wall, random } = this.#machine
    const startMs = scheduler.nowMs
    const rotAt = Array.from({ length: plan.rot.during }, () => startMs + random.below(10_000)).sort((a, b) => a - b)
    while (!isOver() && !life.ended) {
      mustHold(scheduler.nowMs - startMs < LIFE_MS_MAX, () => 'an operation is never answered')
      const went = await scheduler.step()
      mustHold(went || isOver(), () => 'nothing can go on')
      if (random.chance(0.002)) wall.offsetMs += random.between(-86_400_000, 86_400_000)
      while (scheduler.nowMs >= (rotAt[0] ?? Number.POSITIVE_INFINITY)) {
        rotAt.shift()
        this.#rot(world.disk.image, 1)
      }
      if (plan.atMs !== undefined && scheduler.nowMs - startMs >= plan.atMs) life.end(new DiskImage(world.disk.image))
    }
  }

  async #body(living: Living): Promise<void> {
    const { life, world, plan, isMounted } = living
    const { chunkBytes, segmentBytesMax, ballastBytes, hasThreads } = this.#plan
    const { canary } = this.#options
    const chunkSource = canary?.chunkSource ?? (chunks => chunks)
    const order = canary?.order ?? (as => as)
    const boot = String(this.#boot).padStart(32, '0')
    const bootId = canary?.bootId?.(boot) ?? boot
    const found = (revision: number): void => {
      if (life.ended) return
      this.#foundRevision = Math.min(this.#foundRevision, revision)
      this.#openings += 1
    }
    const sizes = { chunkBytes, segmentBytesMax, ballastBytes, hasThreads }
    const stack = await openStack(world, { ...sizes, bootId, isMounted, found, chunkSource, order })
    canary?.plant?.(stack)
    if (life.ended) return never()
    if (!isMounted) this.#expected.letGo()
    await this.#check(stack, { life, isMounted })
    const setting = this.#setting(living, stack)
    const left = { operations: living.operations }
    const actors = Array.from({ length: this.#plan.actors }, () =>
      act({ ...setting, random: this.#random.fork() }, world, left),
    )
    await Promise.all(actors)
    if (this.#plan.kind === 'full') await this.#makeRoom(setting, plan)
    await this.#checkNow(stack, life)
    if (plan.ending !== 'close' && plan.faults.length === 0) return life.end(new DiskImage(world.disk.image))
    await syncAll(setting)
    if (life.ended) return never()
    await stack.close()
    if (life.ended) return never()
    this.#expected.durable(this.#expected.durableRevision)
  }

  #setting({ life, plan }: Living, stack: Stack): Setting {
    const excused = new Set<Errno>()
    if (this.#plan.kind === 'full') excused.add(ERRNO.ENOSPC)
    if (plan.faults.some(fault => fault.code === 'EIO') || this.#rotten || plan.rot.during > 0) excused.add(ERRNO.EIO)
    const { random } = this.#machine
    return {
      life,
      stack,
      expected: this.#expected,
      random,
      trace: this.#trace,
      content: this.#content,
      excused,
      busy: new Set(),
      using: new Set(),
      floor: new Floor(),
      lasting: { hasNumbers: false },
      snapshots: this.#snapshots,
      mayBeDamaged: this.#mayBeDamaged,
      canary: this.#options.canary,
      tally: this.#tally,
    }
  }

  /** What a life finds when it begins. */
  async #check(stack: Stack, { life, isMounted }: Pick<Living, 'life' | 'isMounted'>): Promise<void> {
    const nodes = await this.#look(stack)
    if (life.ended) return never()
    const later = this.#cacheDropped || this.#openings > 1
    const found = { nodes, revision: this.#foundRevision, later, isNew: true }
    this.#trace.line(`check after ${this.#since} at revision ${this.#foundRevision}: ${nodes.size} inodes`)
    if (this.#since === 'power') this.#expected.checkPowerCut(found)
    else this.#expected.checkKilled(found)
    await this.#snapshots.check(stack.fs, this.#mayBeDamaged)
    if (life.ended) return never()
    await this.#checkSpace(stack, isMounted)
    if (life.ended) return never()
    this.#since = 'nothing'
    this.#unmounted = false
    this.#foundRevision = Number.MAX_SAFE_INTEGER
    this.#openings = 0
    this.#cacheDropped = false
  }

  /** What is there while nothing is under way. */
  async #checkNow(stack: Stack, life: Life): Promise<void> {
    const nodes = await this.#look(stack)
    if (life.ended) return never()
    this.#expected.checkKilled({ nodes, revision: stack.keyspace.revision, later: false, isNew: false })
  }

  // What waits for room is not at the home, and not counted; what is damaged cannot be walked.
  async #checkSpace(stack: Stack, isMounted: boolean): Promise<void> {
    const { kind, hasQuota } = this.#plan
    if (hasQuota && nothingIn(this.#expected)) await stack.fs.quotas.set(ROOT_INO, FAR_LIMITS)
    if (kind === 'full' || this.#mayBeDamaged) return
    // A mount that outlived the process may still hold what it had let go of a moment before.
    if (!isMounted) await checkUsage(stack.fs)
    await checkReachable(stack)
  }

  get #mayBeDamaged(): boolean {
    return this.#plan.kind === 'rot' || this.#plan.kind === 'failing'
  }

  #look(stack: Stack): ReturnType<typeof observe> {
    return observe({ vfs: stack.fs.vfs, held: this.#expected.held, mayBeDamaged: this.#mayBeDamaged })
  }

  // With room again, all that waited for it finds it.
  async #makeRoom(setting: Setting, plan: LifePlan): Promise<void> {
    this.#machine.capacity.bytes += ROOM_BYTES
    const { stack, life } = setting
    const excused = plan.faults.length === 0 ? new Set<Errno>() : setting.excused
    await syncAll({ ...setting, excused })
    if (life.ended) return never()
    mustHold(stack.fs.vfs.statFs() !== ERRNO.EIO, () => 'statfs fails on a disk with room')
  }

  #rot(image: DiskImage, count: number): void {
    for (let i = 0; i < count; i++) {
      const where = flipBit(image, this.#random, this.#resting.rested)
      if (where === undefined) continue
      this.#rotten = true
      this.#trace.line(`rot ${where}`)
    }
  }

  #ended(left: DiskImage, plan: LifePlan, world: SimWorld): boolean {
    // Who starts again after a failed sync has looked at the disk: the machine was off in between.
    const cut = plan.ending === 'power' || world.disk.cacheLies
    this.#trace.line(`life ended: ${cut ? 'power' : 'kill'}`)
    if (this.#since !== 'power') this.#since = cut ? 'power' : 'kill'
    if (!cut && plan.faults.some(fault => fault.dropsCache)) {
      this.#since = 'power'
      this.#cacheDropped = true
    }
    this.#image = cut ? cutPower(left, this.#random) : left
    if (cut) this.#boot += 1
    return true
  }

  #closed(world: SimWorld, plan: LifePlan): boolean {
    this.#trace.line('life closed')
    const image = new DiskImage(world.disk.image)
    if (this.#plan.kind === 'rot') this.#resting = restingOn(image, this.#resting)
    // What was closed cleanly survives a power cut.
    return this.#ended(image, { ...plan, ending: this.#random.chance(0.5) ? 'kill' : 'power' }, world)
  }

  // An error of the disk may end a life: as if killed. Everything else that ends one is a violation.
  #failed(error: unknown, plan: LifePlan, world: SimWorld): boolean {
    if (error instanceof Violation || !(isFault(error) || isSystemError(error))) throw error
    this.#trace.line(`life failed: ${error.message}`)
    if (this.#rotten && REFUSALS.some(code => isFault(error, code))) return false
    if (plan.faults.length === 0) throw error
    return this.#ended(new DiskImage(world.disk.image), { ...plan, ending: 'kill' }, world)
  }
}

interface Living {
  readonly life: Life
  readonly world: SimWorld
  readonly plan: LifePlan
  readonly isMounted: boolean
  readonly operations: number
}

function nothingIn({ tree }: Expectation): boolean {
  return tree.nodes.size === 1
}

function emptyImage(): DiskImage {
  const image = new DiskImage()
  image.names.set('/', 'folder')
  image.durableNames.set('/', 'folder')
  return image
}

const LAST_LIFE: LifePlan = {
  ending: 'close',
  atOperation: undefined,
  side: 'before',
  atMs: undefined,
  isMounted: false,
  faults: [],
  rot: { before: 0, during: 0 },
}
/** How a store says that it cannot make good what rotted. */
const FAR_LIMITS = { bytesMax: 2 ** 40, inodesMax: 2 ** 32 }
const REFUSALS = ['LogDamaged', 'CheckpointDamaged']
const LIFE_MS_MAX = 3_600_000
const ROOM_BYTES = 16 * 2 ** 20
