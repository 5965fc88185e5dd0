import { PatternProblem } from './problem.ts'

/** Characters from one code point to another, both among them. */
export interface CodeRange {
  readonly from: number
  readonly to: number
}

interface Reader {
  readonly chars: readonly string[]
  at: number
}

/** Reads a class behind its `[`, with its `]`. */
export function readClass(reader: Reader): readonly CodeRange[] {
  const isNegated = reader.chars[reader.at] === '^'
  if (isNegated) reader.at += 1
  const ranges: CodeRange[] = []
  for (let isFirst = true; isFirst || reader.chars[reader.at] !== ']'; isFirst = false) {
    if (reader.at >= reader.chars.length) throw new PatternProblem('missing closing ]')
    ranges.push(...(readNamed(reader) ?? readRange(reader)))
  }
  reader.at += 1
  return isNegated ? negated(ranges) : ranges
}

/** Reads what stands behind a backslash: a class such as `d`, or one character. */
export function classOf(reader: Reader): readonly CodeRange[] {
  const char = reader.chars[reader.at] ?? ''
  reader.at += 1
  const known = PERL[char.toLowerCase()]
  if (known !== undefined && /[dswDSW]/.test(char)) return char === char.toLowerCase() ? known : negated(known)
  if (char === 'p' || char === 'P') return readUnicode(reader, char === 'P')
  const code = readCode(reader, char)
  return [{ from: code, to: code }]
}

/** All characters but those. */
export function negated(ranges: readonly CodeRange[]): readonly CodeRange[] {
  const sorted = ranges.toSorted((a, b) => a.from - b.from)
  const rest: CodeRange[] = []
  let next = 0
  for (const { from, to } of sorted) {
    if (from > next) rest.push({ from: next, to: from - 1 })
    next = Math.max(next, to + 1)
  }
  if (next <= LAST) rest.push({ from: next, to: LAST })
  return rest
}

function readRange(reader: Reader): readonly CodeRange[] {
  const first = readMember(reader)
  const isRange = reader.chars[reader.at] === '-' && reader.chars[reader.at + 1] !== ']'
  if (!isRange || first.length !== 1 || first[0] === undefined || first[0].from !== first[0].to) return first
  reader.at += 1
  const [last] = readMember(reader)
  if (last === undefined || last.from !== last.to || last.to < first[0].from) {
    throw new PatternProblem('invalid character class range')
  }
  return [{ from: first[0].from, to: last.to }]
}

function readMember(reader: Reader): readonly CodeRange[] {
  const char = reader.chars[reader.at]
  if (char === undefined) throw new PatternProblem('missing closing ]')
  reader.at += 1
  if (char === '\\') return classOf(reader)
  const code = char.codePointAt(0) ?? 0
  return [{ from: code, to: code }]
}

// `[:alpha:]` and its like, within brackets.
function readNamed(reader: Reader): readonly CodeRange[] | undefined {
  const text = reader.chars.slice(reader.at, reader.at + NAMED_MAX).join('')
  const [all, not, name = ''] = /^\[:(\^?)([a-z]+):\]/.exec(text) ?? []
  if (all === undefined) return undefined
  const known = POSIX[name]
  if (known === undefined) throw new PatternProblem(`invalid character class range: \`${all}\``)
  reader.at += all.length
  return not === '^' ? negated(known) : known
}

function readUnicode(reader: Reader, isNegated: boolean): readonly CodeRange[] {
  const text = reader.chars.slice(reader.at, reader.at + NAMED_MAX).join('')
  const [all, long, short] = /^(?:\{(\^?[A-Za-z_]+)\}|([A-Z]))/.exec(text) ?? []
  if (all === undefined) throw new PatternProblem('invalid character class range: `\\p`')
  reader.at += all.length
  const name = long ?? short ?? ''
  const ranges = unicodeRanges(name.replace('^', ''))
  return isNegated !== name.startsWith('^') ? negated(ranges) : ranges
}

// The classes of Unicode as the engine has them; made once for each name.
function unicodeRanges(name: string): readonly CodeRange[] {
  const known = unicode.get(name)
  if (known !== undefined) return known
  if (!UNICODE_NAMES.has(name)) throw new PatternProblem(`Unsupported: \\p{${name}}`)
  const test = new RegExp(`^\\p{${name}}$`, 'u')
  const ranges: CodeRange[] = []
  let from = -1
  for (let code = 0; code <= BASIC_LAST + 1; code += 1) {
    const is = code <= BASIC_LAST && test.test(String.fromCodePoint(code))
    if (is && from === -1) from = code
    if (is || from === -1) continue
    ranges.push({ from, to: code - 1 })
    from = -1
  }
  unicode.set(name, ranges)
  return ranges
}

function readCode(reader: Reader, char: string): number {
  const control = CONTROLS[char]
  if (control !== undefined) return control
  if (char === 'x') {
    const text = reader.chars.slice(reader.at, reader.at + HEX_MAX).join('')
    const [all, long, short] = /^(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))/.exec(text) ?? []
    const code = Number.parseInt(long ?? short ?? '', 16)
    if (all === undefined || code > LAST) throw new PatternProblem('invalid escape sequence: `\\x`')
    reader.at += all.length
    return code
  }
  if (/^[0-9A-Za-z]$/.test(char)) throw new PatternProblem(`invalid escape sequence: \`\\${char}\``)
  return char.codePointAt(0) ?? 0
}

function ranges(...pairs: readonly (readonly [string, string])[]): readonly CodeRange[] {
  return pairs.map(([from, to]) => ({ from: from.charCodeAt(0), to: to.charCodeAt(0) }))
}

const LAST = 0x10ffff
const BASIC_LAST = 0xffff
const NAMED_MAX = 20
const HEX_MAX = 8
const DIGIT = ranges(['0', '9'])
const SPACE = ranges(['\t', '\n'], ['\f', '\r'], [' ', ' '])

/** What `\w` stands for. */
export const WORD_CLASSES = ranges(['0', '9'], ['A', 'Z'], ['_', '_'], ['a', 'z'])

const PERL: Readonly<Record<string, readonly CodeRange[]>> = { d: DIGIT, s: SPACE, w: WORD_CLASSES }
const POSIX: Readonly<Record<string, readonly CodeRange[]>> = {
  alnum: ranges(['0', '9'], ['A', 'Z'], ['a', 'z']),
  alpha: ranges(['A', 'Z'], ['a', 'z']),
  ascii: [{ from: 0, to: 127 }],
  blank: ranges(['\t', '\t'], [' ', ' ']),
  cntrl: [
    { from: 0, to: 31 },
    { from: 127, to: 127 },
  ],
  digit: DIGIT,
  graph: ranges(['!', '~']),
  lower: ranges(['a', 'z']),
  print: ranges([' ', '~']),
  punct: ranges(['!', '/'], [':', '@'], ['[', '`'], ['{', '~']),
  space: ranges(['\t', '\r'], [' ', ' ']),
  upper: ranges(['A', 'Z']),
  word: WORD_CLASSES,
  xdigit: ranges(['0', '9'], ['A', 'F'], ['a', 'f']),
}
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }
const UNICODE_NAMES: ReadonlySet<string> = new Set(
  'L Ll Lu Lt Lm Lo N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp M Mn Mc Me C Cc Cf'.split(' '),
)
const unicode = new Map<string, readonly CodeRange[]>()
