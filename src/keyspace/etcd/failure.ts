import type { Fault } from '#base'
import { keyspaceFault } from '../faults.ts'
import { type EtcdFileNames, type Misfit, misfitFault } from './misfit.ts'

/** gRPC's status codes, as far as they decide anything here (grpc/grpc doc/statuscodes.md). */
export const STATUS = { ok: 0, deadlineExceeded: 4, permissionDenied: 7, unavailable: 14, unauthenticated: 16 } as const

/** Why a call has no answer. */
export interface CallFailure {
  /** A status of gRPC. */
  readonly status: number
  readonly message: string
  /** `refused`: etcd did not begin it; `answered`: etcd says so; `lost`: nobody knows whether etcd did it. */
  readonly how: 'refused' | 'answered' | 'lost'
  /** Why trying again does not help. */
  readonly misfit?: Misfit | undefined
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

/** What etcd says of a token that has had its time, before it does anything (etcd 3.4, auth/store.go and apply_auth.go). */
const TOKEN_IS_OLD = ['invalid auth token', 'user name is empty', 'revision in header is old', 'auth store is old']

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

/** True when the call was not done because of its token. */
export function isOfOldToken({ message }: CallFailure): boolean {
  return TOKEN_IS_OLD.some(text => message.includes(text))
}

/** What helps an etcd that is full. */
export const ETCD_ROOM = 'Give etcd more room, compact and defragment it, then: etcdctl alarm disarm'
const LOGIN = 'Name a user of etcd and a file with its password: --keyspace-user, --keyspace-password-file.'

/** etcd's words for what our faults say (etcd 3.4, etcdserver/api/v3rpc/rpctypes/error.go), and what helps. */
const MEANINGS = [
  ['required revision has been compacted', 'Compacted'],
  ['required revision is a future revision', 'FutureRevision'],
  ['requested lease not found', 'LeaseNotFound'],
  ['duplicate key given', 'InvalidTxn'],
  ['key is not provided', 'InvalidTxn'],
  ['too many operations', 'InvalidTxn'],
  ['request is too large', 'TooLarge', 'Store less in one object, or give etcd a larger --max-request-bytes.'],
  ['message larger than max', 'TooLarge', 'Store less in one object, or give etcd a larger --max-request-bytes.'],
  ['database space exceeded', 'DiskFull', ETCD_ROOM],
  ['user name is empty', 'Refused', LOGIN],
  ['invalid auth token', 'Refused', LOGIN],
  ['permission denied', 'Refused', 'Let the user of etcd read and write its prefix: etcdctl role grant-permission.'],
  ['unknown service', 'Refused', "Name etcd's client port."],
] as const

/** The fault a failure means to the caller of a keyspace. */
export function faultOf(failure: CallFailure, names: EtcdFileNames = {}): Fault {
  const { status, message, misfit } = failure
  if (misfit !== undefined) return misfitFault(misfit, message, names)
  if (message.includes('invalid user ID or password')) {
    return keyspaceFault('Refused', 'etcd knows no such user, or another password', {
      hint: `Check --keyspace-user and ${names.password ?? 'the password'}.`,
    })
  }
  const [, code, hint] = MEANINGS.find(([text]) => message.includes(text)) ?? []
  if (code === 'Refused') return keyspaceFault(code, `etcd refuses: ${message}`, { hint })
  if (code !== undefined) return keyspaceFault(code, message, { hint })
  if (status === STATUS.permissionDenied || status === STATUS.unauthenticated) {
    return keyspaceFault('Refused', `etcd refuses: ${message}`, { hint: 'Check the client certificate etcd asks for.' })
  }
  return keyspaceFault('Unavailable', `etcd does not answer: ${message}`, { hint: 'Check that etcd has a quorum.' })
}
