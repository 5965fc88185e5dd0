import {
  isJsonObject,
  type JsonObject,
  jsonAt,
  type KubeObject,
  kubernetesShape,
  listAt,
  numberAt,
  textAt,
  type Resource,
} from '#schema'
import { answered } from '../../answers/answer.ts'
import { apiFault } from '../../faults.ts'
import { listPages } from '../../objects/list.ts'
import { timeOf } from '../../objects/prepare.ts'
import { parseBody } from '../../request/body.ts'
import { labelMatches } from '../../request/label-selector.ts'
import { StatusMore } from '../../status-more.ts'
import { placeOf as placeOfObject } from '../../store/object-store.ts'
import { placeOf, type ResourceRequest, type RouteParts, sentBytes, writeOptionsOf } from '../asked.ts'
import { deleteOptionsIn } from '../../request/delete-options.ts'

/**
 * Deletes a pod where its disruption budget allows it (k8s.io/kubernetes/pkg/registry/core/pod/storage EvictionREST).
 * Faults: BadRequest, NotFound, TooManyRequests, InternalError.
 */
export async function answerEviction(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { request, resource, target, signal } = asked
  const type = request.headers.get('content-type') ?? ''
  const body = parseBody(await sentBytes(parts, asked), type, kubernetesShape('V1Eviction'))
  const named = textAt(body, 'metadata', 'name') ?? target.name
  if (named !== target.name)
    throw apiFault('BadRequest', `name in URL does not match name in Eviction object: ${named}`)
  const options = deleteOptionsIn(jsonAt(body, 'deleteOptions') ?? {})
  const isDryRun = options.isDryRun || writeOptionsOf(asked).isDryRun
  const pod = await parts.objects.store.get(resource, placeOf(target), signal)
  if (!isOver(pod)) await allow(parts, pod, { isDryRun, signal })
  await parts.objects.delete(resource, placeOf(target), { ...options, isDryRun }, signal)
  return answered(request, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

function isOver(pod: KubeObject): boolean {
  const phase = textAt(pod, 'status', 'phase') ?? ''
  return pod.metadata.deletionTimestamp !== undefined || ['Succeeded', 'Failed', 'Pending'].includes(phase)
}

interface How {
  readonly isDryRun: boolean
  readonly signal: AbortSignal
}

// Takes one of the disruptions that the pod's budget allows.
async function allow(parts: RouteParts, pod: KubeObject, { isDryRun, signal }: How): Promise<void> {
  const resource = parts.registry.find({ group: 'policy', version: 'v1', plural: 'poddisruptionbudgets' })
  if (resource === undefined) return
  const budgets = await budgetsOf(parts, resource, pod, signal)
  const [budget] = budgets
  if (budget === undefined) return
  if (budgets.length > 1) {
    throw apiFault(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  if (!isReady(pod) && isFreeToGo(budget)) return
  const run = (old: KubeObject): KubeObject => disrupted(old, pod.metadata.name, timeOf(parts.clock))
  await parts.objects.change(resource, placeOfObject(budget), { wanted: undefined, isDryRun, run }, signal)
}

function isReady(pod: KubeObject): boolean {
  const ready = listAt(pod, 'status', 'conditions').find(condition => textAt(condition, 'type') === 'Ready')
  return textAt(ready, 'status') === 'True'
}

// A pod that does nothing is no loss: always, or while enough others are well (spec.unhealthyPodEvictionPolicy).
function isFreeToGo(budget: KubeObject): boolean {
  if (textAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow') return true
  const [healthy, desired] = ['currentHealthy', 'desiredHealthy'].map(name => numberAt(budget, 'status', name) ?? 0)
  return desired !== undefined && healthy !== undefined && desired > 0 && healthy >= desired
}

async function budgetsOf(
  parts: RouteParts,
  resource: Resource,
  { metadata }: KubeObject,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = []
  const matches = (budget: KubeObject): boolean =>
    labelMatches(jsonAt(budget, 'spec', 'selector'), metadata.labels ?? {})
  for await (const { objects } of listPages(
    parts.objects,
    resource,
    { namespace: metadata.namespace, matches },
    signal,
  )) {
    found.push(...objects)
  }
  return found
}

function disrupted(budget: KubeObject, pod: string, time: string): KubeObject {
  const status: JsonObject = isJsonObject(budget['status']) ? budget['status'] : {}
  const seen = numberAt(status, 'observedGeneration') ?? 0
  const allowed = numberAt(status, 'disruptionsAllowed') ?? 0
  if (seen < (budget.metadata.generation ?? 0)) {
    throw refused(`The disruption budget ${budget.metadata.name} is still being processed by the server.`, 10)
  }
  if (allowed <= 0) {
    const healthy = numberAt(status, 'currentHealthy') ?? 0
    const desired = numberAt(status, 'desiredHealthy') ?? 0
    throw refused(
      `The disruption budget ${budget.metadata.name} needs ${desired} healthy pods and has ${healthy} currently`,
      0,
    )
  }
  const pods: JsonObject = isJsonObject(status['disruptedPods']) ? status['disruptedPods'] : {}
  return {
    ...budget,
    status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods: { ...pods, [pod]: time } },
  }
}

function refused(message: string, retryAfterSeconds: number): Error {
  const causes = [{ reason: 'DisruptionBudget', message }]
  const details = { causes, ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }) }
  const said = `Cannot evict pod as it would violate the pod's disruption budget.`
  return apiFault('TooManyRequests', said, { cause: new StatusMore({ details }) })
}
