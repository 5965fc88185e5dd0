import type { Fault } from '#base'
import { keyspaceFault } from '../faults.ts'

/** gRPC's status codes, as far as they decide anything here (grpc/grpc doc/statuscodes.md). */
export const STATUS = { ok: 0, deadlineExceeded: 4, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const

/** Why a call has no answer. */
export interface CallFailure {
  /** A status of gRPC. */
  readonly status: number
  readonly message: string
  /** `refused`: etcd did not begin it; `answered`: etcd says so; `lost`: nobody knows whether etcd did it. */
  readonly how: 'refused' | 'answered' | 'lost'
}

/** What etcd says before it proposes anything (etcd 3.4, etcdserver/api/v3rpc/interceptor.go and v3_server.go). */
const NOT_BEGUN = ['etcdserver: no leader', 'etcdserver: too many requests']

/** What etcd says about a call that another member may answer, or this one a little later. */
const PASSING = [
  'etcdserver: leader changed',
  'etcdserver: not leader',
  'etcdserver: request timed out',
  'etcdserver: server stopped',
  'etcdserver: lease is not primary',
  'lessor is not the primary',
]

/** True when the call has certainly not been done and may be made again. */
export function isNotBegun(failure: CallFailure): boolean {
  return failure.how === 'refused' || NOT_BEGUN.some(text => failure.message.includes(text))
}

/** True when the next attempt may go better. */
export function isPassing(failure: CallFailure): boolean {
  if (failure.how !== 'answered' || isNotBegun(failure)) return true
  const { status, message } = failure
  return status === STATUS.unavailable || status === STATUS.deadlineExceeded || PASSING.some(t => message.includes(t))
}

/** etcd's words for what our faults say (etcd 3.4, etcdserver/api/v3rpc/rpctypes/error.go). */
const MEANINGS = [
  ['required revision has been compacted', 'Compacted'],
  ['required revision is a future revision', 'FutureRevision'],
  ['requested lease not found', 'LeaseNotFound'],
  ['duplicate key given', 'InvalidTxn'],
  ['key is not provided', 'InvalidTxn'],
  ['too many operations', 'InvalidTxn'],
  ['request is too large', 'InvalidTxn'],
  ['database space exceeded', 'DiskFull'],
] as const

/** The fault a failure means to the caller of a keyspace. */
export function faultOf(failure: CallFailure): Fault {
  const { status, message } = failure
  const meaning = MEANINGS.find(([text]) => message.includes(text))
  if (meaning !== undefined) return keyspaceFault(meaning[1], message, hintOf(meaning[1]))
  if (
    status === STATUS.permissionDenied ||
    status === STATUS.unauthenticated ||
    message.includes('permission denied')
  ) {
    return keyspaceFault('Refused', `etcd refuses: ${message}`, { hint: 'Check the client certificate etcd asks for.' })
  }
  return keyspaceFault('Unavailable', `etcd does not answer: ${message}`, { hint: 'Check that etcd has a quorum.' })
}

function hintOf(code: string): { readonly hint?: string } {
  return code === 'DiskFull'
    ? { hint: 'Give etcd more room, compact and defragment it, then: etcdctl alarm disarm' }
    : {}
}
