import type { ApiResource } from '#client'
import { type KubeObject, numberAt, textAt } from '#schema'
import { EVENT_TTL_MS, NODE_LEASE_TTL_MS, REQUEST_DECIDED_TTL_MS, REQUEST_PENDING_TTL_MS } from '../limits.ts'
import { timeAt } from '../loop/times.ts'
import { CERTIFICATE_SIGNING_REQUESTS, EVENTS, LEASES, SECRETS } from '../resources.ts'
import { hasCondition } from '../signing/plan.ts'

/** Objects that have a time. */
export interface Expiry {
  readonly resource: ApiResource
  /** Only those in this namespace; all when undefined. */
  readonly namespace: string | undefined
  /** Only those with these fields; all when undefined. */
  readonly fields?: string
  /** Milliseconds since 1970 when an object's time is over; undefined when it stays. */
  readonly endMs: (object: KubeObject) => number | undefined
  /** True when an object stays while a node of its name is there. */
  readonly isOfNode: boolean
}

const TOKEN = 'bootstrap.kubernetes.io/token'

/** What has a time. */
export const EXPIRIES: readonly Expiry[] = [
  { resource: EVENTS, namespace: undefined, endMs: eventEnd, isOfNode: false },
  { resource: LEASES, namespace: 'kube-node-lease', endMs: leaseEnd, isOfNode: true },
  { resource: CERTIFICATE_SIGNING_REQUESTS, namespace: undefined, endMs: requestEnd, isOfNode: false },
  { resource: SECRETS, namespace: 'kube-system', fields: `type=${TOKEN}`, endMs: tokenEnd, isOfNode: false },
]

function eventEnd(event: KubeObject): number | undefined {
  const lastMs = timeAt(
    event,
    ['series', 'lastObservedTime'],
    ['lastTimestamp'],
    ['deprecatedLastTimestamp'],
    ['eventTime'],
    ['metadata', 'creationTimestamp'],
  )
  return later(lastMs, EVENT_TTL_MS)
}

function leaseEnd(lease: KubeObject): number | undefined {
  const lastMs = timeAt(lease, ['spec', 'renewTime'], ['metadata', 'creationTimestamp'])
  return later(lastMs, (numberAt(lease, 'spec', 'leaseDurationSeconds') ?? 0) * 1000 + NODE_LEASE_TTL_MS)
}

// As k8s.io/kubernetes/pkg/controller/certificates/cleaner: what was issued, refused or failed an hour, what waits a day.
function requestEnd(request: KubeObject): number | undefined {
  const isIssued = (textAt(request, 'status', 'certificate') ?? '') !== ''
  const isDecided = isIssued || hasCondition(request, 'Denied') || hasCondition(request, 'Failed')
  const madeMs = timeAt(request, ['metadata', 'creationTimestamp'])
  return later(madeMs, isDecided ? REQUEST_DECIDED_TTL_MS : REQUEST_PENDING_TTL_MS)
}

// As k8s.io/kubernetes/pkg/controller/bootstrap/tokencleaner: a token without an end stays, one whose end cannot be read does not.
function tokenEnd(secret: KubeObject): number | undefined {
  const encoded = textAt(secret, 'data', 'expiration')
  if (encoded === undefined || textAt(secret, 'type') !== TOKEN) return undefined
  const endMs = Date.parse(Buffer.from(encoded, 'base64').toString())
  return Number.isNaN(endMs) ? 0 : endMs
}

function later(fromMs: number | undefined, ms: number): number | undefined {
  return fromMs === undefined ? undefined : fromMs + ms
}
