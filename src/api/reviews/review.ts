import type { Attempt, Caller } from '#identity'
import { isJsonObject, type Json, type JsonObject, listAt, textAt } from '#schema'
import { apiFault } from '../faults.ts'
import { attemptIn, subjectIn } from './attempt.ts'

/** What reviews are answered from. */
export interface ReviewParts {
  readonly authorize: (caller: Caller, attempt: Attempt, signal: AbortSignal) => Promise<boolean>
  /** The rules that hold for somebody in a namespace. */
  readonly rulesFor: (caller: Caller, namespace: string | undefined) => Iterable<Json>
}

/** Who asks, and in which namespace. */
export interface Reviewer {
  readonly caller: Caller
  readonly namespace: string | undefined
  readonly signal: AbortSignal
}

type Review = (parts: ReviewParts, asked: Json, reviewer: Reviewer) => Promise<JsonObject>

// Nothing of these is stored: a question is created, the answer is its status.
const REVIEWS: Readonly<Record<string, Review>> = {
  'authorization.k8s.io/selfsubjectaccessreviews': (parts, asked, { caller, signal }) =>
    access(parts, caller, attemptIn(asked), signal),
  'authorization.k8s.io/subjectaccessreviews': (parts, asked, { signal }) =>
    access(parts, subjectIn(asked), attemptIn(asked), signal),
  'authorization.k8s.io/localsubjectaccessreviews': (parts, asked, { namespace, signal }) =>
    access(parts, subjectIn(asked), inNamespace(attemptIn(asked), namespace), signal),
  'authorization.k8s.io/selfsubjectrulesreviews': async (parts, asked, { caller }) => {
    const namespace = textAt(asked, 'spec', 'namespace') ?? ''
    if (namespace === '') throw apiFault('BadRequest', 'no namespace on request')
    return rulesStatus([...parts.rulesFor(caller, namespace)], caller)
  },
  'authentication.k8s.io/selfsubjectreviews': async (_parts, _asked, { caller }) => ({ userInfo: userInfo(caller) }),
}

/** True for a resource whose objects are questions. */
export function isReview({ group, plural }: { readonly group: string; readonly plural: string }): boolean {
  return Object.hasOwn(REVIEWS, `${group}/${plural}`)
}

/** The question with its answer. Faults: BadRequest, Invalid. */
export async function answerReview(
  parts: ReviewParts,
  named: { readonly group: string; readonly plural: string },
  asked: Json,
  reviewer: Reviewer,
): Promise<JsonObject> {
  const review = REVIEWS[`${named.group}/${named.plural}`]
  if (review === undefined || !isJsonObject(asked)) throw apiFault('BadRequest', 'the body must be an object')
  return { ...asked, status: await review(parts, asked, reviewer) }
}

async function access(parts: ReviewParts, who: Caller, attempt: Attempt, signal: AbortSignal): Promise<JsonObject> {
  return { allowed: await parts.authorize(who, attempt, signal) }
}

function inNamespace(attempt: Attempt, namespace: string | undefined): Attempt {
  if (attempt.kind === 'resource' && attempt.namespace === namespace) return attempt
  throw apiFault('BadRequest', `spec.resourceAttributes.namespace must match namespace: ${namespace ?? ''}`)
}

function rulesStatus(rules: readonly Json[], { groups }: Caller): JsonObject {
  const all = groups.includes('system:masters') ? [...EVERYTHING, ...rules] : rules
  const named = (rule: Json, fields: readonly string[]): JsonObject =>
    Object.fromEntries(fields.map(field => [field, listAt(rule, field)] as const).filter(([, list]) => list.length > 0))
  return {
    resourceRules: all
      .filter(rule => listAt(rule, 'resources').length > 0)
      .map(rule => named(rule, ['verbs', 'apiGroups', 'resources', 'resourceNames'])),
    nonResourceRules: all
      .filter(rule => listAt(rule, 'nonResourceURLs').length > 0)
      .map(rule => named(rule, ['verbs', 'nonResourceURLs'])),
    incomplete: false,
  }
}

const EVERYTHING: readonly JsonObject[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

/** Who somebody is (authentication.k8s.io/v1 UserInfo). */
function userInfo({ name, uid, groups, extra }: Caller): JsonObject {
  const isThere = Object.keys(extra).length > 0
  return { username: name, ...(uid === undefined ? {} : { uid }), groups, ...(isThere ? { extra } : {}) }
}
