import { type Fault, isFault } from '#base'
import type { JsonObject } from '#schema'
import { apiFault } from './faults.ts'
import { Refusal } from './refusal.ts'
import { StatusMore } from './status-more.ts'

/** What a request was about: the details of a Status that has no others. */
export interface Subject extends JsonObject {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
}

/** What went wrong as a Kubernetes Status (k8s.io/apimachinery/pkg/apis/meta/v1 Status). */
export function statusOf(fault: Fault, about?: Subject): JsonObject {
  const { message, hint, code, status, cause } = fault
  const details = cause instanceof Refusal ? detailsOf(cause) : cause instanceof StatusMore ? cause.details : about
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: cause instanceof StatusMore ? cause.metadata : {},
    status: 'Failure',
    message: hint === undefined ? message : `${message}: ${hint}`,
    reason: code,
    ...(details === undefined ? {} : { details }),
    code: status,
  }
}

/** The fault that people are told for whatever was thrown: our own bugs say nothing of what is inside. */
export function faultOf(error: unknown): Fault {
  if (!isFault(error)) return apiFault('InternalError', 'an internal error occurred', { cause: error })
  return KNOWN.has(error.code) ? error : foreign(error)
}

// Faults of the rooms below keep their status; their code becomes the nearest reason.
function foreign(error: Fault): Fault {
  const { message, hint, status } = error
  if (status === 400) return apiFault('BadRequest', message, { hint, cause: error })
  if (status === 413) return apiFault('RequestEntityTooLarge', message, { hint, cause: error })
  if (status === 504) return apiFault('Timeout', message, { hint, cause: error })
  if (status === 503 || status === 507) return apiFault('ServiceUnavailable', message, { hint, cause: error })
  return apiFault('InternalError', message, { hint, cause: error })
}

function detailsOf({ group, kind, name, errors }: Refusal): JsonObject {
  const causes = errors.map(({ field, reason, message }) => ({ reason, message, field }))
  return { name, ...(group === '' ? {} : { group }), kind, causes }
}

const KNOWN: ReadonlySet<string> = new Set([
  'BadRequest',
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'MethodNotAllowed',
  'NotAcceptable',
  'AlreadyExists',
  'Conflict',
  'Expired',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'Invalid',
  'TooManyRequests',
  'Timeout',
  'InternalError',
  'NotImplemented',
  'ServiceUnavailable',
])
