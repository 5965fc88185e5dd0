import { type Fault, isFault, whyOf } from '#base'
import { isJsonObject, type Json, type JsonObject, textAt } from '#schema'
import { clientFault } from '../faults.ts'
import { ANSWER_BYTES_MAX } from '../limits.ts'

/** The JSON object of a good answer. Faults: the reason of the Status of any other. */
export async function answerOf(response: Response, what: string): Promise<JsonObject> {
  const body = await bodyOf(response, what)
  if (!response.ok) throw faultOfStatus(response.status, body, what)
  if (!isJsonObject(body)) throw clientFault('InternalError', `${what}: the answer is no object`)
  return body
}

/** The fault that a Status tells (k8s.io/apimachinery/pkg/apis/meta/v1 Status). */
export function faultOfStatus(status: number, body: Json | undefined, what: string): Fault {
  const message = textAt(body, 'message') ?? `${what}: answered ${status}`
  const reason = textAt(body, 'reason') ?? ''
  return clientFault(REASONS.get(reason) ?? BY_STATUS.get(status) ?? 'InternalError', message)
}

/** What a transport threw as a fault; what the signal says when it was aborted. */
export function transportFault(error: unknown, what: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return isFault(error) ? error : clientFault('Unreachable', `${what}: ${whyOf(error)}`, { cause: error })
}

async function bodyOf(response: Response, what: string): Promise<Json | undefined> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > ANSWER_BYTES_MAX) throw clientFault('InternalError', `${what}: the answer is too long`)
    parts.push(part)
  }
  const text = Buffer.concat(parts).toString('utf8')
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    if (!response.ok) return undefined
    throw clientFault('InternalError', `${what}: the answer is no JSON`, { cause: error })
  }
}

type Code = Parameters<typeof clientFault>[0]

const BY_STATUS: ReadonlyMap<number, Code> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
])

// `Gone` is what older servers say for `Expired`; `Timeout` and `ServerTimeout` are answered with 504 and 500.
const REASONS: ReadonlyMap<string, Code> = new Map<string, Code>([
  ...Array.from(BY_STATUS.values(), (code): [string, Code] => [code, code]),
  ['AlreadyExists', 'AlreadyExists'],
  ['Gone', 'Expired'],
  ['Timeout', 'ServiceUnavailable'],
  ['ServerTimeout', 'ServiceUnavailable'],
])
