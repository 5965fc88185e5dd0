import { type Digest, whyOf } from '#base'
import type { ListedChunk } from '#storage/chunks'
import type { HeldGroup } from './held-groups.ts'
import type { Holder } from './holder.ts'
import { GROUPS_PER_CALL_MAX } from './limits.ts'
import type { PoolParts } from './parts.ts'
import type { PoolView } from './view.ts'

/** How the copies of what this machine holds of a group were found. */
export interface Finding {
  readonly group: number
  /** How many chunks of it are held here. */
  readonly chunks: number
  /** What of it each wanted holder lacks. */
  readonly lacking: ReadonlyMap<string, readonly ListedChunk[]>
  /** Wanted holders that should answer, and do not. */
  readonly silent: readonly string[]
  /** Wanted holders that the map has Offline. */
  readonly away: readonly string[]
  /** How many are held here and by no other wanted holder that answered. */
  readonly alone: number
}

/** What a comparison goes by. */
export interface SurveyParts {
  readonly view: PoolView
  readonly parts: Pick<PoolParts, 'view' | 'store' | 'held' | 'world'>
  readonly holders: { get(name: string): Pick<Holder, 'groups' | 'list'> }
  /** Machines that did not answer before: that is not told again. */
  readonly silent: Set<string>
}

/** Compares what this machine holds with what the wanted holders do, by one view. */
export class Survey {
  readonly view: PoolView
  readonly #parts: SurveyParts['parts']
  readonly #holders: SurveyParts['holders']
  readonly #silent: Set<string>
  /** Who did not answer once is not asked again. */
  readonly #down = new Set<string>()

  constructor({ view, parts, holders, silent }: SurveyParts) {
    this.view = view
    this.#parts = parts
    this.#holders = holders
    this.#silent = silent
  }

  /** Whether the machines are still seen as when this began. */
  get isCurrent(): boolean {
    return this.#parts.view().name === this.view.name
  }

  /** All groups of which something is held here. Ends early when the view changes. */
  async *all(signal: AbortSignal): AsyncGenerator<Finding> {
    for (let first = 0; first < this.view.groups && this.isCurrent; first += GROUPS_PER_CALL_MAX) {
      const count = Math.min(GROUPS_PER_CALL_MAX, this.view.groups - first)
      yield* await this.some(
        Array.from({ length: count }, (_, i) => first + i),
        signal,
      )
      await this.#parts.world.clock.sleep(1, signal)
    }
  }

  /** The same of a few groups, at most GROUPS_PER_CALL_MAX. */
  async some(groups: readonly number[], signal: AbortSignal): Promise<Finding[]> {
    const own = new Map<number, HeldGroup>()
    for (const group of groups) {
      const held = await this.#parts.held.of(this.view.groups, group, signal)
      if (held.chunks > 0) own.set(group, held)
    }
    const digests = await this.#digests([...own.keys()], signal)
    const findings: Finding[] = []
    for (const [group, held] of own) findings.push(await this.#finding(group, held, digests, signal))
    return findings
  }

  // What each wanted holder says of the groups it shall hold; undefined of one that does not answer.
  async #digests(
    groups: readonly number[],
    signal: AbortSignal,
  ): Promise<Map<string, Map<number, Digest> | undefined>> {
    const asked = new Map<string, number[]>()
    for (const group of groups) {
      for (const name of this.#wantedOthers(group)) asked.set(name, [...(asked.get(name) ?? []), group])
    }
    const answers = Array.from(asked, async ([name, numbers]) => {
      const digests = await this.#ask(name, holder => holder.groups(this.view.groups, numbers, signal), signal)
      const byGroup = digests && new Map(numbers.map((number, i) => [number, digests[i]] as const))
      return [name, byGroup as Map<number, Digest> | undefined] as const
    })
    return new Map(await Promise.all(answers))
  }

  async #finding(
    group: number,
    { chunks, digest }: HeldGroup,
    digests: ReadonlyMap<string, ReadonlyMap<number, Digest> | undefined>,
    signal: AbortSignal,
  ): Promise<Finding> {
    const lacking = new Map<string, readonly ListedChunk[]>()
    const silent: string[] = []
    // Listed only where somebody has something else; undefined: all of it.
    let [own, alone]: (readonly ListedChunk[] | undefined)[] = []
    for (const name of this.#wantedOthers(group)) {
      if (digests.get(name)?.get(group) === digest) {
        alone = []
        continue
      }
      // What is put meanwhile is not missing there: this machine looks first.
      own ??= this.#down.has(name) ? undefined : await this.#parts.held.list(this.view.groups, group)
      const theirs = await this.#list(name, group, signal)
      if (theirs === undefined || own === undefined) {
        silent.push(name)
        continue
      }
      const lacks = own.filter(chunk => !theirs.has(chunk.digest) && this.#isNeeded(chunk.digest))
      if (lacks.length > 0) lacking.set(name, lacks)
      const lacked = new Set(lacks)
      alone = (alone ?? own).filter(chunk => lacked.has(chunk))
    }
    const away = this.view.wanted(group).filter(name => this.view.stateOf(name) === 'Offline')
    return { group, chunks, lacking, silent, away, alone: alone?.length ?? chunks }
  }

  #wantedOthers(group: number): string[] {
    const { view } = this
    return view.wanted(group).filter(name => name !== view.own && view.stateOf(name) !== 'Offline')
  }

  // What nobody seems to need, and another machine has perhaps collected already, is not brought back to it.
  #isNeeded(digest: Digest): boolean {
    return !this.#parts.store.isCandidate(digest)
  }

  async #list(name: string, group: number, signal: AbortSignal): Promise<ReadonlySet<Digest> | undefined> {
    return await this.#ask(name, holder => holder.list(this.view.groups, group, signal), signal)
  }

  async #ask<Answer>(
    name: string,
    ask: (holder: Pick<Holder, 'groups' | 'list'>) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer | undefined> {
    if (this.#down.has(name)) return undefined
    try {
      const answer = await ask(this.#holders.get(name))
      this.#silent.delete(name)
      return answer
    } catch (error) {
      signal.throwIfAborted()
      this.#down.add(name)
      if (!this.#silent.has(name))
        this.#parts.world.log.info('a machine does not compare its copies', { machine: name, error: whyOf(error) })
      this.#silent.add(name)
      return undefined
    }
  }
}
