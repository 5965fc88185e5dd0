import { PATTERN_STEPS_MAX } from '../../limits.ts'
import type { CodeRange } from './classes.ts'
import { PatternProblem } from './problem.ts'
import { type Assertion, isWord, type Syntax } from './syntax.ts'

/** One step of a compiled pattern. Those of a fork are tried in order: the first is preferred. */
export type Step =
  | { readonly kind: 'class'; readonly test: (code: number) => boolean }
  | { readonly kind: 'assert'; readonly what: Assertion }
  /** Goes on at all of these. */
  | { readonly kind: 'fork'; to: readonly number[] }
  | { readonly kind: 'match' }

/** Compiles a pattern's tree. Throws PatternProblem when it is too large. */
export function programOf(syntax: Syntax): readonly Step[] {
  const program: Step[] = []
  emit(program, syntax)
  program.push({ kind: 'match' })
  return program
}

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

function emitRepeat(program: Step[], { part, min, max, isLazy }: Extract<Syntax, { kind: 'repeat' }>): void {
  for (let count = 0; count < min; count += 1) emit(program, part)
  if (max === Number.POSITIVE_INFINITY) {
    const fork = { kind: 'fork' as const, to: [] as readonly number[] }
    const start = program.push(fork) - 1
    emit(program, part)
    program.push({ kind: 'fork', to: [start] })
    fork.to = inOrder(isLazy, start + 1, program.length)
    return
  }
  const forks: { to: readonly number[] }[] = []
  for (let count = min; count < max; count += 1) {
    const fork = { kind: 'fork' as const, to: [program.length + 1] as readonly number[] }
    program.push(fork)
    forks.push(fork)
    emit(program, part)
  }
  for (const fork of forks) fork.to = inOrder(isLazy, ...fork.to, program.length)
}

function inOrder(isLazy: boolean, ...to: readonly number[]): readonly number[] {
  return isLazy ? to.toReversed() : to
}

// ASCII by a table, the rest by its ranges.
function tester(ranges: readonly CodeRange[]): (code: number) => boolean {
  const within = (code: number) => ranges.some(({ from, to }) => code >= from && code <= to)
  const ascii = Uint8Array.from({ length: ASCII }, (_, code) => (within(code) ? 1 : 0))
  return code => (code < ASCII ? ascii[code] === 1 : within(code))
}

/** Code points on both sides of a place; -1 for none. */
export interface Around {
  readonly before: number
  readonly after: number
}

/** Whether a place between two characters is what is asked for. */
export function holds(what: Assertion, { before, after }: Around): boolean {
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
