import { Composer, type CST, type Document, Lexer, LineCounter, Parser } from 'yaml'
import type { Json } from '#schema'
import { apiFault } from '../faults.ts'
import { YAML_CHARS_MAX, YAML_TOKENS_MAX } from '../limits.ts'
import { duplicatesInYaml } from './duplicates.ts'
import { refuseManyRead } from './values.ts'

/** What a text in YAML says, and the fields that stand twice in it. */
export interface YamlRead {
  readonly value: Json
  readonly duplicates: readonly string[]
}

/**
 * Reads YAML in steps: a token takes about two microseconds. Faults: BadRequest where it is wrong first, RequestEntityTooLarge for more
 * than YAML_CHARS_MAX characters, YAML_TOKENS_MAX tokens or BODY_VALUES_MAX values. Throws whatever else the library throws.
 */
export function* readingYaml(text: string, charsMax = YAML_CHARS_MAX): Generator<void, YamlRead> {
  if (text.length > charsMax) throw tooLarge(`${charsMax} characters`)
  const lines = new LineCounter()
  const tokens = yield* tokensOf(text, lines)
  const document = yield* composing(tokens, text.length)
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0])
    throw apiFault('BadRequest', `the body cannot be read as YAML: ${error.message} at line ${line}, column ${col}`)
  }
  yield
  const value = document.toJS({ maxAliasCount: ALIASES_MAX }) as Json
  refuseManyRead(value)
  yield
  return { value, duplicates: duplicatesInYaml(document.contents) }
}

// Up to the first that is wrong: nothing behind it counts.
function* tokensOf(text: string, lines: LineCounter): Generator<void, readonly CST.Token[]> {
  const [lexer, parser] = [new Lexer(), new Parser(lines.addNewLine)]
  const tokens: CST.Token[] = []
  lines.addNewLine(0)
  let count = 0
  for (const lexeme of lexer.lex(text)) {
    if (++count > YAML_TOKENS_MAX) throw tooLarge(`${YAML_TOKENS_MAX} tokens`)
    for (const token of parser.next(lexeme)) {
      tokens.push(token)
      if (token.type === 'error') return tokens
    }
    if (count % TOKENS_IN_STEP === 0) yield
  }
  tokens.push(...parser.end())
  return tokens
}

function* composing(tokens: readonly CST.Token[], chars: number): Generator<void, Document.Parsed> {
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false })
  const found: Document.Parsed[] = []
  for (const [index, token] of tokens.entries()) {
    withoutStacks(() => found.push(...composer.next(token)))
    if (found.some(({ errors }) => errors.length > 0)) break
    if (index % TOKENS_IN_STEP === 0) yield
  }
  withoutStacks(() => found.push(...composer.end(true, chars)))
  const [document, more] = found
  if (more !== undefined && document?.errors.length === 0) {
    throw apiFault('BadRequest', 'the body cannot be read as YAML: it has several documents')
  }
  if (document === undefined) throw apiFault('BadRequest', 'the body cannot be read as YAML: it has no document')
  return document
}

// The library makes an error of all that is wrong or odd in a document: where each was made takes longer than the document.
function withoutStacks(run: () => unknown): void {
  const frames = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    run()
  } finally {
    Error.stackTraceLimit = frames
  }
}

function tooLarge(what: string): Error {
  return apiFault('RequestEntityTooLarge', `the body has more than ${what} of YAML`, {
    hint: 'send JSON, as kubectl does',
  })
}

const ALIASES_MAX = 100
const TOKENS_IN_STEP = 64
