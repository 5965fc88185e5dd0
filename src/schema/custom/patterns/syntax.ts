import { PATTERN_DEPTH_MAX } from '../../limits.ts'
import { classOf, type CodeRange, negated, readClass, WORD_CLASSES } from './classes.ts'
import { PatternProblem } from './problem.ts'

/** A regular expression as a tree. */
export type Syntax =
  | { readonly kind: 'empty' }
  | { readonly kind: 'class'; readonly ranges: readonly CodeRange[] }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Syntax[] }
  | {
      readonly kind: 'repeat'
      readonly part: Syntax
      readonly min: number
      readonly max: number
      /** As few as will do are preferred. */
      readonly isLazy: boolean
    }

/** What can be asked of a place between two characters. */
export type Assertion = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordBoundary' | 'noWordBoundary'

/**
 * Reads a pattern of RE2 (github.com/google/re2/wiki/Syntax). Capturing means nothing here. Throws
 * PatternProblem for what RE2 refuses and for classes of Unicode beyond \p{L}, \p{N} and the like.
 */
export function parsePattern(text: string): Syntax {
  const reader: Reader = { chars: Array.from(text), at: 0, depth: 0 }
  const syntax = readChoice(reader, { foldsCase: false, isMultiline: false, dotIsAll: false, isLazy: false })
  if (reader.at < reader.chars.length) throw new PatternProblem('unexpected ): missing (')
  return syntax
}

interface Reader {
  readonly chars: readonly string[]
  at: number
  depth: number
}

interface Flags {
  readonly foldsCase: boolean
  readonly isMultiline: boolean
  readonly dotIsAll: boolean
  readonly isLazy: boolean
}

function readChoice(reader: Reader, flags: Flags): Syntax {
  reader.depth += 1
  if (reader.depth > PATTERN_DEPTH_MAX) throw new PatternProblem('expression nests too deeply')
  const parts: Syntax[] = []
  let state = flags
  let sequence: Syntax[] = []
  for (;;) {
    const next = reader.chars[reader.at]
    if (next === undefined || next === ')') break
    if (next === '|') {
      reader.at += 1
      parts.push({ kind: 'sequence', parts: sequence })
      sequence = []
      continue
    }
    const changed = readFlags(reader, state)
    if (changed !== undefined) state = changed
    else sequence.push(readRepeat(reader, readAtom(reader, state), state))
  }
  reader.depth -= 1
  parts.push({ kind: 'sequence', parts: sequence })
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts }
}

// `(?i)` and its like hold to the end of the group they are in.
function readFlags(reader: Reader, flags: Flags): Flags | undefined {
  const [all, letters = ''] =
    /^\(\?([imsU-]+)\)/.exec(reader.chars.slice(reader.at, reader.at + FLAGS_MAX).join('')) ?? []
  if (all === undefined) return undefined
  reader.at += all.length
  return flagged(flags, letters)
}

function flagged(flags: Flags, letters: string): Flags {
  const [on = '', off = ''] = letters.split('-')
  const is = (letter: string, before: boolean) => (on.includes(letter) ? true : off.includes(letter) ? false : before)
  return {
    foldsCase: is('i', flags.foldsCase),
    isMultiline: is('m', flags.isMultiline),
    dotIsAll: is('s', flags.dotIsAll),
    isLazy: is('U', flags.isLazy),
  }
}

function readAtom(reader: Reader, flags: Flags): Syntax {
  const char = reader.chars[reader.at] ?? ''
  reader.at += 1
  switch (char) {
    case '(':
      return readGroup(reader, flags)
    case '[':
      return charClass(readClass(reader), flags)
    case '.':
      return { kind: 'class', ranges: flags.dotIsAll ? ANY : NO_NEWLINE }
    case '^':
      return { kind: 'assert', what: flags.isMultiline ? 'lineStart' : 'textStart' }
    case '$':
      return { kind: 'assert', what: flags.isMultiline ? 'lineEnd' : 'textEnd' }
    case '*':
    case '+':
    case '?':
      throw new PatternProblem(`missing argument to repetition operator: \`${char}\``)
    case '\\':
      return readEscape(reader, flags)
    default:
      return charClass(single(char), flags)
  }
}

function readGroup(reader: Reader, flags: Flags): Syntax {
  const head = reader.chars.slice(reader.at, reader.at + NAME_MAX).join('')
  const [opening = '', letters] = /^(?:\?([imsU-]*):|\?P?<[A-Za-z0-9_]+>)/.exec(head) ?? []
  if (opening === '' && head.startsWith('?')) {
    throw new PatternProblem(`invalid or unsupported Perl syntax: \`(${head.slice(0, 3)}\``)
  }
  reader.at += opening.length
  const inside = readChoice(reader, letters === undefined ? flags : flagged(flags, letters))
  if (reader.chars[reader.at] !== ')') throw new PatternProblem('missing closing )')
  reader.at += 1
  return inside
}

function readEscape(reader: Reader, flags: Flags): Syntax {
  const char = reader.chars[reader.at]
  if (char === undefined) throw new PatternProblem('trailing backslash at end of expression')
  const what = ASSERTIONS[char]
  if (what !== undefined) {
    reader.at += 1
    return { kind: 'assert', what }
  }
  if (char === 'Q') return readQuoted(reader, flags)
  return charClass(classOf(reader), flags)
}

function readQuoted(reader: Reader, flags: Flags): Syntax {
  const rest = reader.chars.slice(reader.at + 1).join('')
  const end = rest.indexOf('\\E')
  const quoted = Array.from(end === -1 ? rest : rest.slice(0, end))
  reader.at += 1 + quoted.length + (end === -1 ? 0 : 2)
  return { kind: 'sequence', parts: quoted.map(char => charClass(single(char), flags)) }
}

function readRepeat(reader: Reader, atom: Syntax, flags: Flags): Syntax {
  let part = atom
  for (;;) {
    const bounds = readBounds(reader)
    if (bounds === undefined) return part
    if (part.kind === 'repeat' && part !== atom) throw new PatternProblem('invalid nested repetition operator')
    const isTurned = reader.chars[reader.at] === '?'
    if (isTurned) reader.at += 1
    part = { kind: 'repeat', part, ...bounds, isLazy: isTurned !== flags.isLazy }
  }
}

function readBounds(reader: Reader): { readonly min: number; readonly max: number } | undefined {
  const char = reader.chars[reader.at] ?? ''
  const simple = REPEATS[char]
  if (simple !== undefined) {
    reader.at += 1
    return simple
  }
  if (char !== '{') return undefined
  const counted = /^\{([0-9]{1,4})(,([0-9]{0,4}))?\}/.exec(
    reader.chars.slice(reader.at, reader.at + COUNT_MAX).join(''),
  )
  if (counted === null) return undefined
  const [all, least = '', comma, most = ''] = counted
  const min = Number(least)
  const max = comma === undefined ? min : most === '' ? Number.POSITIVE_INFINITY : Number(most)
  if (min > REPEAT_MAX || (max > REPEAT_MAX && max !== Number.POSITIVE_INFINITY) || max < min) {
    throw new PatternProblem(`invalid repeat count: \`${all}\``)
  }
  reader.at += all.length
  return { min, max }
}

function charClass(ranges: readonly CodeRange[], { foldsCase }: Flags): Syntax {
  if (!foldsCase) return { kind: 'class', ranges }
  const small = ranges.filter(({ to, from }) => to - from < FOLDED_MAX)
  const folded = small.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)).flatMap(char => [
      ...single(char.toLowerCase()),
      ...single(char.toUpperCase()),
    ]),
  )
  return { kind: 'class', ranges: [...ranges, ...folded] }
}

function single(char: string): readonly CodeRange[] {
  const code = char.codePointAt(0) ?? 0
  return [{ from: code, to: code }]
}

const ANY: readonly CodeRange[] = [{ from: 0, to: 0x10ffff }]
const NO_NEWLINE: readonly CodeRange[] = negated([{ from: 10, to: 10 }])
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: 'textStart',
  z: 'textEnd',
  b: 'wordBoundary',
  B: 'noWordBoundary',
}
const REPEATS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  '*': { min: 0, max: Number.POSITIVE_INFINITY },
  '+': { min: 1, max: Number.POSITIVE_INFINITY },
  '?': { min: 0, max: 1 },
}
// RE2's own bound.
const REPEAT_MAX = 1000
const COUNT_MAX = 12
const NAME_MAX = 70
const FLAGS_MAX = 12
const FOLDED_MAX = 512

/** True for letters, digits and `_`: what \b looks at. */
export function isWord(code: number): boolean {
  return WORD_CLASSES.some(({ from, to }) => code >= from && code <= to)
}
