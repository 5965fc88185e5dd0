import { LineCounter, parseDocument } from 'yaml'
import { isFault } from '#base'
import { isJsonObject, type Json, type ObjectShape, openProtobuf, protobufToJson } from '#schema'
import { apiFault } from '../faults.ts'
import { BODY_BYTES_MAX, YAML_CHARS_MAX } from '../limits.ts'
import { bodyOf } from './body-of.ts'
import { duplicatesInJson, duplicatesInYaml } from './duplicates.ts'
import { refuseManyRead, refuseManyValues } from './values.ts'

/** A request's body, whole. Faults: RequestEntityTooLarge. */
export async function readAll(request: Request, bytesMax = BODY_BYTES_MAX): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of bodyOf(request)) {
    bytes += part.byteLength
    if (bytes > bytesMax) {
      throw apiFault('RequestEntityTooLarge', `the body is larger than ${bytesMax} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** What a client sent, and the fields that stand twice in it: the last of them counts. */
export interface Sent {
  readonly body: Json
  readonly duplicates: readonly string[]
}

/**
 * Reads JSON, YAML or Kubernetes' protobuf, which newer clients send for kinds they know; `shape` says what the body is
 * one of. Faults: BadRequest, RequestEntityTooLarge for too many values, UnsupportedMediaType.
 */
export function readSent(bytes: Buffer, contentType: string, shape: ObjectShape): Sent {
  const type = mediaType(contentType)
  switch (type) {
    case '':
    case 'application/json': {
      const text = bytes.toString('utf8')
      return { body: parsed(type, () => jsonOf(text)), duplicates: duplicatesInJson(text) }
    }
    case 'application/yaml':
      return sentYaml(bytes.toString('utf8'))
    case 'application/vnd.kubernetes.protobuf': {
      if (shape.custom !== undefined) throw unknownFormat()
      const { apiVersion, kind, message } = openProtobuf(bytes)
      const body = { apiVersion, kind, ...protobufToJson(shape, message) }
      refuseManyRead(body)
      return { body, duplicates: [] }
    }
    default:
      throw unknownFormat()
  }
}

/** As {@link readSent}, where doubled fields do not matter. */
export function parseBody(bytes: Buffer, contentType: string, shape: ObjectShape): Json {
  return readSent(bytes, contentType, shape).body
}

function sentYaml(text: string): Sent {
  // Programs that apply send JSON by this name, which is read a hundred times faster.
  const json = text.startsWith('{') ? jsonIn(text) : undefined
  if (json !== undefined) return { body: json, duplicates: duplicatesInJson(text) }
  if (text.length > YAML_CHARS_MAX) {
    const hint = 'send JSON, as kubectl does'
    throw apiFault('RequestEntityTooLarge', `the body has more than ${YAML_CHARS_MAX} characters of YAML`, { hint })
  }
  return parsed('application/yaml', () => {
    const lineCounter = new LineCounter()
    // Its pretty errors read the whole text anew, for each of them.
    const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, lineCounter })
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0])
      throw apiFault('BadRequest', `the body cannot be read as YAML: ${error.message} at line ${line}, column ${col}`)
    }
    const read = document.toJS({ maxAliasCount: ALIASES_MAX }) as Json
    refuseManyRead(read)
    return { body: asJson(read), duplicates: duplicatesInYaml(document.contents) }
  })
}

function jsonIn(text: string): Json | undefined {
  try {
    return jsonOf(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Reads JSON. Faults: BadRequest, RequestEntityTooLarge. */
export function parseJson(bytes: Buffer): Json {
  return parsed('application/json', () => jsonOf(bytes.toString('utf8')))
}

/** A content type without its parameters. */
export function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function parsed<Value>(type: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    if (isFault(cause)) throw cause
    const said = cause instanceof Error ? cause.message : String(cause)
    throw apiFault(
      'BadRequest',
      `the body cannot be read as ${type === '' ? 'application/json' : type}: ${said.slice(0, 300)}`,
      { cause },
    )
  }
}

// Of what parses as JSON only numbers can be what JSON cannot say, those that are too large.
function jsonOf(text: string): Json {
  refuseManyValues(text)
  const value = JSON.parse(text) as Json
  return /\d[eE]|\d{300}/.test(text) ? asJson(value) : value
}

// Parsers answer nothing else than this, but for YAML's own types.
function asJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return value.map(asJson)
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item ?? null)]))
  throw apiFault('BadRequest', 'the body holds what JSON cannot say')
}

const ALIASES_MAX = 100
const BODY_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

function unknownFormat(): Error {
  const accepted = BODY_TYPES.join(', ')
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`
  return apiFault('UnsupportedMediaType', message)
}
