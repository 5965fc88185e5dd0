import { isFault, runInSteps, runSteps, type Step } from '#base'
import { isJsonObject, type Json, type ObjectShape, openProtobuf, protobufToJson } from '#schema'
import { apiFault } from '../faults.ts'
import { BODY_BYTES_MAX, YAML_SMALL_CHARS_MAX } from '../limits.ts'
import { bodyOf } from './body-of.ts'
import { findingDuplicates } from './duplicates.ts'
import { countingValues, refuseManyRead } from './values.ts'
import { readingYaml } from './yaml.ts'

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

/** A body, its content type, and what it is one of. */
export interface SentBytes {
  readonly bytes: Buffer
  readonly contentType: string
  readonly shape: ObjectShape
}

/**
 * Reads JSON, YAML or Kubernetes' protobuf, which newer clients send for kinds they know, with `step` between its steps. Faults:
 * BadRequest, RequestEntityTooLarge for too many values, UnsupportedMediaType.
 */
export function readSentInSteps(sent: SentBytes, step: Step): Promise<Sent> {
  return runInSteps(readingSent(sent, undefined), step)
}

/** As {@link readSentInSteps}, at once: of YAML no more than YAML_SMALL_CHARS_MAX characters. */
export function readSent(bytes: Buffer, contentType: string, shape: ObjectShape): Sent {
  return runSteps(readingSent({ bytes, contentType, shape }, YAML_SMALL_CHARS_MAX))
}

function* readingSent(
  { bytes, contentType, shape }: SentBytes,
  yamlCharsMax: number | undefined,
): Generator<void, Sent> {
  const type = mediaType(contentType)
  switch (type) {
    case '':
    case 'application/json':
      return yield* sentJson(bytes.toString('utf8'))
    case 'application/yaml':
      return yield* sentYaml(bytes.toString('utf8'), yamlCharsMax)
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

function* sentJson(text: string): Generator<void, Sent> {
  yield* countingValues(text)
  yield
  const body = parsed('application/json', () => jsonOf(text))
  yield
  return { body, duplicates: yield* findingDuplicates(text) }
}

function* sentYaml(text: string, charsMax: number | undefined): Generator<void, Sent> {
  // Programs that apply send JSON by this name, which is read a hundred times faster.
  if (text.startsWith('{')) {
    yield* countingValues(text)
    const body = jsonIn(text)
    yield
    if (body !== undefined) return { body, duplicates: yield* findingDuplicates(text) }
  }
  try {
    const { value, duplicates } = yield* readingYaml(text, charsMax)
    return { body: asJson(value), duplicates }
  } catch (error) {
    throw unread('application/yaml', error)
  }
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
  const text = bytes.toString('utf8')
  runSteps(countingValues(text))
  return parsed('application/json', () => jsonOf(text))
}

/** A content type without its parameters. */
export function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function parsed<Value>(type: string, run: () => Value): Value {
  try {
    return run()
  } catch (cause) {
    throw unread(type, cause)
  }
}

function unread(type: string, cause: unknown): unknown {
  if (isFault(cause)) return cause
  const said = cause instanceof Error ? cause.message : String(cause)
  return apiFault('BadRequest', `the body cannot be read as ${type}: ${said.slice(0, 300)}`, { cause })
}

// Of what parses as JSON only numbers can be what JSON cannot say, those that are too large.
function jsonOf(text: string): Json {
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

const BODY_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

function unknownFormat(): Error {
  const accepted = BODY_TYPES.join(', ')
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`
  return apiFault('UnsupportedMediaType', message)
}
