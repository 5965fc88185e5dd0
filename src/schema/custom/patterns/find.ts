import { PATTERN_FIND_WORK_MAX } from '../../limits.ts'
import { type Around, holds, type Step } from './program.ts'
import { worked } from './work.ts'

/**
 * The parts of a text that a pattern finds, from the left, each the one that RE2 prefers: Thompson's simulation with the
 * preferred way first (swtch.com/~rsc/regexp/regexp2.html). Throws when that takes more than PATTERN_FIND_WORK_MAX steps.
 */
export function findAll(program: readonly Step[], text: string, most: number): readonly string[] {
  const chars = Array.from(text)
  const search: Search = { program, codes: chars.map(char => char.codePointAt(0) ?? 0), work: 0 }
  const found: string[] = []
  let lastEnd = -1
  for (let from = 0; from <= chars.length && found.length < most; ) {
    const span = find(search, from)
    if (span === undefined) break
    const { start, end } = span
    // Nothing at all is not found where the last find ended.
    if (end > start || start !== lastEnd) found.push(chars.slice(start, end).join(''))
    lastEnd = end
    from = end > start ? end : end + 1
  }
  worked(FINDING * search.work)
  return found
}

interface Search {
  readonly program: readonly Step[]
  readonly codes: readonly number[]
  work: number
}

interface Span {
  readonly start: number
  readonly end: number
}

/** A way to match that began at a character and waits at a step. */
interface Way {
  readonly at: number
  readonly start: number
}

function find(search: Search, from: number): Span | undefined {
  const { codes } = search
  let ways: readonly Way[] = []
  let found: Span | undefined
  for (let place = from; place <= codes.length; place += 1) {
    const begun = found === undefined ? [...ways, { at: 0, start: place }] : ways
    if (begun.length === 0) break
    const { waiting, matched } = follow(search, begun, place)
    if (matched !== undefined) found = { start: matched, end: place }
    const code = codes[place]
    ways = code === undefined ? [] : passed(search, waiting, code)
  }
  return found
}

// Where ways lead without a character; those behind one that is complete are less preferred than it.
function follow(search: Search, ways: readonly Way[], place: number) {
  const { program, codes } = search
  const around: Around = { before: codes[place - 1] ?? -1, after: codes[place] ?? -1 }
  const met = new Set<number>()
  const waiting: Way[] = []
  for (const { at: first, start } of ways) {
    const open = [first]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (met.has(at)) continue
      met.add(at)
      const step = program[at]
      if (step?.kind === 'match') return { waiting: spent(search, waiting, met), matched: start }
      if (step?.kind === 'class') waiting.push({ at, start })
      if (step?.kind === 'assert' && holds(step.what, around)) open.push(at + 1)
      if (step?.kind === 'fork') open.push(...step.to.toReversed())
    }
  }
  return { waiting: spent(search, waiting, met), matched: undefined }
}

function spent(search: Search, waiting: readonly Way[], met: ReadonlySet<number>): readonly Way[] {
  search.work += 1 + met.size
  if (search.work > PATTERN_FIND_WORK_MAX) throw new Error('the text takes too long to search')
  return waiting
}

function passed({ program }: Search, waiting: readonly Way[], code: number): readonly Way[] {
  return waiting.flatMap(({ at, start }) => {
    const step = program[at]
    return step?.kind === 'class' && step.test(code) ? [{ at: at + 1, start }] : []
  })
}

// Steps of matching that one of finding takes about as long as.
const FINDING = 4
