import { LRUCache } from 'lru-cache'
import { PATTERN_CHARS_MAX, PATTERN_STEPS_MAX, PATTERN_WORK_MAX, PATTERNS_KEPT_MAX } from '../../limits.ts'
import type { CodeRange } from './classes.ts'
import { PatternProblem } from './problem.ts'
import { type Assertion, isWord, parsePattern, type Syntax } from './syntax.ts'

/**
 * A regular expression that is tried in time linear in the text, whatever it says: Thompson's simulation, since patterns
 * come from people and the engine's own can take forever (swtch.com/~rsc/regexp/regexp1.html).
 */
export interface Pattern {
  readonly kind: 'pattern'
  readonly text: string
  /** True when some part of the text matches; false also when that takes more than PATTERN_WORK_MAX steps to find. */
  readonly matches: (text: string) => boolean
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
    const program: Step[] = []
    emit(program, parsePattern(text))
    program.push({ kind: 'match' })
    return { kind: 'pattern', text, matches: subject => run(program, subject) }
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error
    return { kind: 'refused', why: `error parsing regexp: ${error.message}` }
  }
}

type Step =
  | { readonly kind: 'class'; readonly test: (code: number) => boolean }
  | { readonly kind: 'assert'; readonly what: Assertion }
  /** Goes on at all of these. */
  | { readonly kind: 'fork'; to: readonly number[] }
  | { readonly kind: 'match' }

function emit(program: Step[], syntax: Syntax): void {
  if (program.length > PATTERN_STEPS_MAX) throw new PatternProblem('expression too large')
  switch (syntax.kind) {
    case 'empty':
      return
    case 'class':
      program.push({ kind: 'class', test: tester(syntax.ranges) })
      return
    case 'assert':
      program.push(syntax)
      return
    case 'sequence':
      for (const part of syntax.parts) emit(program, part)
      return
    case 'choice':
      emitChoice(program, syntax.parts)
      return
    case 'repeat':
      emitRepeat(program, syntax)
  }
}

function emitChoice(program: Step[], parts: readonly Syntax[]): void {
  const fork = { kind: 'fork' as const, to: [] as readonly number[] }
  program.push(fork)
  const starts: number[] = []
  const jumps: { to: readonly number[] }[] = []
  for (const part of parts) {
    starts.push(program.length)
    emit(program, part)
    const jump = { kind: 'fork' as const, to: [] as readonly number[] }
    program.push(jump)
    jumps.push(jump)
  }
  fork.to = starts
  for (const jump of jumps) jump.to = [program.length]
}

function emitRepeat(program: Step[], { part, min, max }: Extract<Syntax, { kind: 'repeat' }>): void {
  for (let count = 0; count < min; count += 1) emit(program, part)
  if (max === Number.POSITIVE_INFINITY) {
    const fork = { kind: 'fork' as const, to: [] as readonly number[] }
    const start = program.push(fork) - 1
    emit(program, part)
    program.push({ kind: 'fork', to: [start] })
    fork.to = [start + 1, program.length]
    return
  }
  const forks: { to: readonly number[] }[] = []
  for (let count = min; count < max; count += 1) {
    const fork = { kind: 'fork' as const, to: [program.length + 1] as readonly number[] }
    program.push(fork)
    forks.push(fork)
    emit(program, part)
  }
  for (const fork of forks) fork.to = [...fork.to, program.length]
}

// ASCII by a table, the rest by its ranges.
function tester(ranges: readonly CodeRange[]): (code: number) => boolean {
  const within = (code: number) => ranges.some(({ from, to }) => code >= from && code <= to)
  const ascii = Uint8Array.from({ length: ASCII }, (_, code) => (within(code) ? 1 : 0))
  return code => (code < ASCII ? ascii[code] === 1 : within(code))
}

function run(program: readonly Step[], text: string): boolean {
  let states = new States(program)
  let next = new States(program)
  let before = -1
  let work = 0
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (states.follow({ before, after: code })) return true
    next.clear()
    for (const at of states.waiting) {
      const step = program[at]
      if (step?.kind === 'class' && step.test(code)) next.begun.push(at + 1)
    }
    work += 1 + states.waiting.length
    if (work > PATTERN_WORK_MAX) return false
    before = code
    const passed = states
    states = next
    next = passed
  }
  return states.follow({ before, after: -1 })
}

/** Code points on both sides of a place; -1 for none. */
interface Around {
  readonly before: number
  readonly after: number
}

/** Where matches can be at one place of the text. */
class States {
  readonly #program: readonly Step[]
  // The turn in which a step was last met.
  readonly #met: Uint32Array
  #turn = 1
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
    this.begun.length = 0
    this.waiting.length = 0
  }

  /** Follows all that begun here, and a new match; true when one is complete. */
  follow(around: Around): boolean {
    const open = this.begun
    open.push(0)
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
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

function holds(what: Assertion, { before, after }: Around): boolean {
  switch (what) {
    case 'textStart':
      return before === -1
    case 'textEnd':
      return after === -1
    case 'lineStart':
      return before === -1 || before === NEWLINE
    case 'lineEnd':
      return after === -1 || after === NEWLINE
    case 'wordBoundary':
      return isWord(before) !== isWord(after)
    case 'noWordBoundary':
      return isWord(before) === isWord(after)
  }
}

const ASCII = 128
const NEWLINE = 10
