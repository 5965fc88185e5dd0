import { LRUCache } from 'lru-cache'
import { PATTERN_CHARS_MAX, PATTERN_WORK_MAX, PATTERNS_KEPT_MAX } from '../../limits.ts'
import { findAll } from './find.ts'
import { PatternProblem } from './problem.ts'
import { type Around, holds, programOf, type Step } from './program.ts'
import { parsePattern } from './syntax.ts'
import { worked } from './work.ts'

/**
 * A regular expression that is tried in time linear in the text, whatever it says: Thompson's simulation, since patterns
 * come from people and the engine's own can take forever (swtch.com/~rsc/regexp/regexp1.html).
 */
export interface Pattern {
  readonly kind: 'pattern'
  readonly text: string
  /** True when some part of the text matches; undefined when that takes more than so many steps to find, PATTERN_WORK_MAX unless told. */
  readonly matches: (text: string, workMax?: number) => boolean | undefined
  /** At most so many parts of the text that match, none within another, as RE2 finds them. Throws when that takes more than PATTERN_FIND_WORK_MAX steps. */
  readonly findAll: (text: string, most: number) => readonly string[]
}

/** Why a pattern cannot be used. */
export interface PatternRefused {
  readonly kind: 'refused'
  readonly why: string
}

/** Compiles a pattern of RE2. Patterns met again are not compiled again. */
export function compilePattern(text: string): Pattern | PatternRefused {
  const known = kept.get(text)
  if (known !== undefined) return known
  const made = compile(text)
  if (made.kind === 'pattern') kept.set(text, made)
  return made
}

const kept = new LRUCache<string, Pattern>({ max: PATTERNS_KEPT_MAX })

function compile(text: string): Pattern | PatternRefused {
  if (text.length > PATTERN_CHARS_MAX) return { kind: 'refused', why: `longer than ${PATTERN_CHARS_MAX} characters` }
  try {
    const program = programOf(parsePattern(text))
    worked(COMPILING * program.length)
    return {
      kind: 'pattern',
      text,
      matches: (subject, workMax = PATTERN_WORK_MAX) => run(program, subject, workMax),
      findAll: (subject, most) => findAll(program, subject, most),
    }
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error
    return { kind: 'refused', why: `error parsing regexp: ${error.message}` }
  }
}

function run(program: readonly Step[], text: string, workMax: number): boolean | undefined {
  let states = new States(program)
  let next = new States(program)
  let before = -1
  let work = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (states.follow({ before, after: code })) {
      worked(work + states.visited)
      return true
    }
    next.clear()
    for (const at of states.waiting) {
      const step = program[at]
      if (step?.kind === 'class' && step.test(code)) next.begun.push(at + 1)
    }
    work += states.visited + states.waiting.length
    if (work > workMax) break
    before = code
    const passed = states
    states = next
    next = passed
  }
  worked(work)
  return work <= workMax ? states.follow({ before, after: -1 }) : undefined
}

/** Where matches can be at one place of the text. */
class States {
  readonly #program: readonly Step[]
  // The turn in which a step was last met.
  readonly #met: Uint32Array
  #turn = 1
  /** Steps followed here, those met before too. */
  visited = 0
  /** Steps that matches came to with the character before. */
  readonly begun: number[] = []
  /** Steps that wait for a character. */
  readonly waiting: number[] = []

  constructor(program: readonly Step[]) {
    this.#program = program
    this.#met = new Uint32Array(program.length)
  }

  clear(): void {
    this.#turn += 1
    this.visited = 0
    this.begun.length = 0
    this.waiting.length = 0
  }

  /** Follows all that begun here, and a new match; true when one is complete. */
  follow(around: Around): boolean {
    const open = this.begun
    open.push(0)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      this.visited += 1
      if (this.#met[at] === this.#turn) continue
      this.#met[at] = this.#turn
      const step = this.#program[at]
      if (step?.kind === 'match') return true
      if (step?.kind === 'class') this.waiting.push(at)
      if (step?.kind === 'assert' && holds(step.what, around)) open.push(at + 1)
      if (step?.kind === 'fork') open.push(...step.to)
    }
    return false
  }
}

// Steps of matching that compiling one step takes about as long as.
const COMPILING = 40
