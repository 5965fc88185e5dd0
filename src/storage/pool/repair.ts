import { type Digest, inLanes, isFault, whyOf } from '#base'
import { Bell } from './bell.ts'
import type { Cached } from './cached.ts'
import type { Holders } from './holders.ts'
import {
  GROUPS_PER_CALL_MAX,
  REPAIR_LOOK_MS,
  REPAIR_PAUSE_MS,
  REPAIR_RETRY_MS,
  REPORT_ROWS_MAX,
  SURVEY_EVERY_MS,
} from './limits.ts'
import { Mending } from './mending.ts'
import type { Report } from './methods.ts'
import type { PoolParts } from './parts.ts'
import { type Finding, Survey } from './survey.ts'
import type { PoolView } from './view.ts'

/**
 * Brings copies to where they belong: compares groups with their wanted holders when the view changes, when something is
 * owed and every hour; sends what they lack; gives up what is too much; and puts damaged chunks right.
 * Nothing of it is written down: what is owed is found again by comparing.
 */
export class Repair {
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #cached: Cached
  readonly #heal: (digest: Digest) => Promise<void>
  readonly #bell: Bell
  readonly #owed = new Set<number>()
  /** Of these, those that are being mended: how they are is not known until they have been looked at again. */
  #underWay: readonly number[] = []
  /** What is not as it should be, of the last comparison of each group. */
  readonly #findings = new Map<number, State>()
  /** The view of the last whole comparison. */
  #surveyed = ''
  #surveyedMs = 0
  /** How often it was asked for another comparison of everything, and what of that the last one knew. */
  #asked = 0
  #answered = 0
  #isRetried = false
  /** When what could not be put right is tried again. */
  #againMs = 0
  /** Machines that did not compare their copies when they were asked last: that is told once. */
  readonly #silent = new Set<string>()

  constructor(parts: PoolParts, holders: Holders, cached: Cached, heal: (digest: Digest) => Promise<void>) {
    this.#parts = parts
    this.#holders = holders
    this.#cached = cached
    this.#heal = heal
    this.#bell = new Bell(parts.world.clock)
  }

  /** A group has fewer or other copies than it shall have. */
  owe(group: number): void {
    this.#owed.add(group)
    this.#bell.ring()
  }

  /** The view has changed. */
  wake(): void {
    this.#bell.ring()
  }

  /** Compares everything again, soon. */
  restart(): void {
    this.#asked += 1
    this.#surveyed = ''
    this.#bell.ring()
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.world
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs()
      try {
        await this.#round(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#parts.world.log.warn('repair of copies stopped; it goes on later', { error: whyOf(error) })
        this.#isRetried = true
      }
      const isLeft = this.#isRetried || this.#todo().length > 0
      const isAlone = this.#parts.view().isAlone
      // Comparing takes a part of the time that people need, however often there is a reason.
      const pauseMs = this.#parts.traffic.isBusy ? BUSY_PAUSES * (clock.monotonicMs() - beganMs) : 0
      await clock.sleep(Math.min(pauseMs, REPAIR_RETRY_MS), signal).catch(() => undefined)
      await this.#bell.wait(isAlone ? undefined : isLeft ? REPAIR_RETRY_MS : REPAIR_LOOK_MS, signal)
      // What is owed together is looked at together.
      await clock.sleep(REPAIR_PAUSE_MS, signal).catch(() => undefined)
    }
  }

  /** Another one for each reason to compare everything, such as a machine that went or came back, once that has been done. Empty before. */
  get compared(): string {
    return this.#surveyed === '' ? '' : `${this.#answered} ${this.#surveyed}`
  }

  /** What this machine knows of its copies. */
  report(): Omit<Report, 'lostChunks' | 'awayChunks'> {
    const { store, traffic } = this.#parts
    const { held, quarantined } = store.stat().states
    const missing: Report['missing'][number][] = []
    for (const [group, { lacking }] of this.#findings) {
      for (const [machine, count] of lacking) missing.push({ group, machine, ...count })
    }
    const states = [...this.#findings]
    const alone = states.filter(([, state]) => state.alone > 0).map(([group]) => group)
    const isOpen = states.some(([, state]) => state.isSilent)
    return {
      ...store.space(),
      view: isOpen || this.#owed.size > 0 || this.#underWay.length > 0 ? '' : this.#surveyed,
      chunks: held.chunks,
      bytes: held.bytes,
      missing: missing.slice(0, REPORT_ROWS_MAX),
      isCut: missing.length > REPORT_ROWS_MAX || alone.length > REPORT_ROWS_MAX,
      alone: alone.slice(0, REPORT_ROWS_MAX),
      aloneChunks: sum(states, state => state.alone),
      misplacedChunks: sum(states, state => state.misplaced),
      damagedChunks: quarantined.chunks,
      bytesPerSecond: Math.round(traffic.movedPerSecond),
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const view = this.#parts.view()
    if (view.isAlone) {
      this.#findings.clear()
      this.#owed.clear()
      this.#surveyed = view.name
      return
    }
    this.#isRetried = false
    const survey = new Survey({
      view,
      parts: this.#parts,
      holders: this.#holders,
      silent: this.#silent,
    })
    const nowMs = this.#parts.world.clock.monotonicMs()
    if (this.#surveyed !== view.name || nowMs - this.#surveyedMs >= SURVEY_EVERY_MS) await this.#survey(survey, signal)
    if (survey.isCurrent) await this.#mendAll(survey, signal)
    await this.#healAll(signal)
    if (!survey.isCurrent) this.#bell.ring()
  }

  async #survey(survey: Survey, signal: AbortSignal): Promise<void> {
    const asked = this.#asked
    this.#findings.clear()
    this.#parts.traffic.restart()
    for await (const finding of survey.all(signal)) this.#note(survey.view, finding)
    // Who begins anew meanwhile may have been asked before.
    if (!survey.isCurrent || asked !== this.#asked) return
    this.#surveyed = survey.view.name
    this.#answered = asked
    this.#surveyedMs = this.#parts.world.clock.monotonicMs()
    this.#againMs = this.#surveyedMs
  }

  async #mendAll(survey: Survey, signal: AbortSignal): Promise<void> {
    const { view } = survey
    const mending = new Mending(this.#parts, this.#holders, this.#cached)
    const nowMs = this.#parts.world.clock.monotonicMs()
    const isAgain = nowMs >= this.#againMs
    const todo = isAgain ? this.#todo() : [...this.#owed]
    for (let at = 0; at < todo.length && survey.isCurrent; at += GROUPS_PER_CALL_MAX) {
      const groups = todo.slice(at, at + GROUPS_PER_CALL_MAX)
      this.#underWay = groups.filter(group => this.#owed.delete(group))
      try {
        // Groups have few chunks: one after the other would wait for the disk of one machine at a time.
        await inLanes(await survey.some(groups, signal), MENDED_TOGETHER, async finding => {
          if ((await mending.mend(view, finding, signal)) > 0) this.#isRetried = true
        })
        await this.#look(survey, groups, signal)
      } catch (error) {
        for (const group of this.#underWay) this.#owed.add(group)
        throw error
      } finally {
        this.#underWay = []
      }
    }
    if (isAgain) this.#againMs = this.#parts.world.clock.monotonicMs() + REPAIR_RETRY_MS
    if (!(await mending.settle(signal))) this.#surveyed = ''
  }

  // What is there after mending is looked at, not believed.
  async #look(survey: Survey, groups: readonly number[], signal: AbortSignal): Promise<void> {
    const findings = await survey.some(groups, signal)
    for (const group of groups) this.#findings.delete(group)
    for (const finding of findings) this.#note(survey.view, finding)
  }

  #note(view: PoolView, { group, chunks: held, lacking, silent, alone }: Finding): void {
    const isMisplaced = !view.isWanted(view.own, group)
    const isRight = lacking.size === 0 && silent.length === 0 && alone === 0 && !isMisplaced
    if (isRight) {
      this.#findings.delete(group)
      return
    }
    const counts = Array.from(lacking, ([name, chunks]) => {
      return [name, { chunks: chunks.length, bytes: chunks.reduce((bytes, chunk) => bytes + chunk.bytes, 0) }] as const
    })
    this.#findings.set(group, {
      lacking: new Map(counts),
      isSilent: silent.length > 0,
      alone,
      misplaced: isMisplaced ? held : 0,
    })
  }

  // In the order of the need: first what is nowhere else.
  #todo(): number[] {
    const view = this.#parts.view()
    const found = [...this.#findings].filter(([group, { lacking, isSilent, misplaced }]) => {
      return lacking.size > 0 || isSilent || (misplaced > 0 && !view.isAway(group))
    })
    found.sort(([, a], [, b]) => b.alone - a.alone)
    return [...new Set([...found.map(([group]) => group), ...this.#owed])]
  }

  async #healAll(signal: AbortSignal): Promise<void> {
    for await (const digest of this.#parts.store.quarantined(signal)) {
      try {
        await this.#heal(digest)
      } catch (error) {
        signal.throwIfAborted()
        if (!isFault(error)) throw error
        this.#isRetried = true
      }
    }
  }
}

/** While people read or write, so many times as long as a round took nothing is compared. */
const BUSY_PAUSES = 4
/** Of the groups that are compared at once. */
const MENDED_TOGETHER = 8

/** What is not as it should be in a group. */
interface State {
  readonly lacking: ReadonlyMap<string, { readonly chunks: number; readonly bytes: number }>
  readonly isSilent: boolean
  readonly alone: number
  readonly misplaced: number
}

function sum(states: readonly (readonly [number, State])[], countOf: (state: State) => number): number {
  return states.reduce((total, [, state]) => total + countOf(state), 0)
}
