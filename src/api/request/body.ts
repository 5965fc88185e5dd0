import { parse as parseYaml } from 'yaml'
import { isFault } from '#base'
import { isJsonObject, type Json, type ObjectShape, openProtobuf, protobufToJson } from '#schema'
import { apiFault } from '../faults.ts'
import { BODY_BYTES_MAX } from '../limits.ts'

/** A request's body, whole. Faults: RequestEntityTooLarge. */
export async function readAll(body: ReadableStream<Uint8Array> | null): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    bytes += part.byteLength
    if (bytes > BODY_BYTES_MAX) {
      throw apiFault('RequestEntityTooLarge', `the body is larger than ${BODY_BYTES_MAX} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * Reads JSON, YAML or Kubernetes' protobuf, which newer clients send for kinds they know; `shape` says what the body is
 * one of. Faults: BadRequest, UnsupportedMediaType.
 */
export function parseBody(bytes: Buffer, contentType: string, shape: ObjectShape): Json {
  const type = mediaType(contentType)
  switch (type) {
    case '':
    case 'application/json':
      return parseJson(bytes)
    case 'application/yaml':
      return parsed(type, () => asJson(parseYaml(bytes.toString('utf8'), { maxAliasCount: ALIASES_MAX })))
    case 'application/vnd.kubernetes.protobuf': {
      const { apiVersion, kind, message } = openProtobuf(bytes)
      return { apiVersion, kind, ...protobufToJson(shape, message) }
    }
    default:
      throw apiFault('UnsupportedMediaType', `the body's type ${type} is not read`, {
        hint: 'send application/json or application/yaml',
      })
  }
}

/** Reads JSON. Faults: BadRequest. */
export function parseJson(bytes: Buffer): Json {
  return parsed('application/json', () => asJson(JSON.parse(bytes.toString('utf8'))))
}

/** A content type without its parameters. */
export function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function parsed(type: string, run: () => Json): Json {
  try {
    return run()
  } catch (cause) {
    if (isFault(cause)) throw cause
    const said = cause instanceof Error ? cause.message : String(cause)
    throw apiFault('BadRequest', `the body cannot be read as ${type}: ${said.slice(0, 300)}`, { cause })
  }
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
