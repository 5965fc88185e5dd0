import type { ApiResource, ServedResource } from '#client'
import { isJsonObject, type Json, type JsonObject, type KubeObject, listAt, textAt } from '#schema'
import { NAMESPACE_AGAIN_MS, NAMESPACE_AGAIN_MS_MAX } from '../limits.ts'

/** The finalizer that keeps a namespace until nothing is in it. */
export const NAMESPACE_FINALIZER = 'kubernetes'

/** What is left of a resource in a namespace after all of it was deleted. */
export interface Remains {
  readonly resource: ApiResource
  readonly count: number
  /** How many have each finalizer. */
  readonly finalizers: ReadonlyMap<string, number>
}

/** How far the deletion of what is in a namespace has come. */
export interface Progress {
  readonly remains: readonly Remains[]
  /** What kept resources from being deleted. */
  readonly failures: readonly string[]
  /** What kept resources from being found. */
  readonly discoveryFailure: string | undefined
}

/** True for a namespace that is going and that waits for this controller. */
export function isOurs(namespace: KubeObject): boolean {
  const { deletionTimestamp } = namespace.metadata
  return deletionTimestamp !== undefined && listAt(namespace, 'spec', 'finalizers').includes(NAMESPACE_FINALIZER)
}

/**
 * What is deleted, one group when that before is gone: pods first, as what they use must not go under them (KEP-5080), then
 * all else. What cannot be listed and deleted, such as reviews, is never there.
 */
export function deletionOrder(served: readonly ServedResource[]): readonly (readonly ServedResource[])[] {
  const there = served.filter(each => each.isNamespaced && each.verbs.has('list') && each.verbs.has('delete'))
  const isPods = ({ group, plural }: ServedResource): boolean => group === '' && plural === 'pods'
  return [there.filter(isPods), there.filter(each => !isPods(each))]
}

/** The conditions of a namespace that is going (k8s.io/kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go). */
export function deletionConditions(
  { remains, failures, discoveryFailure }: Progress,
  old: Json | undefined,
  time: string,
): readonly JsonObject[] {
  const counts = remains.map(({ resource, count }) => `${fullName(resource)} has ${count} resource instances`)
  const finalizers = finalizerCounts(remains).map(([name, count]) => `${name} in ${count} resource instances`)
  const rows: readonly Row[] = [
    ['NamespaceDeletionDiscoveryFailure', discoveryFailure, 'DiscoveryFailed', 'ResourcesDiscovered', DISCOVERED],
    ['NamespaceDeletionGroupVersionParsingFailure', undefined, '', 'ParsedGroupVersions', PARSED],
    ['NamespaceDeletionContentFailure', failed(failures), 'ContentDeletionFailed', 'ContentDeleted', DELETED],
    ['NamespaceContentRemaining', some(REMAINING, counts), 'SomeResourcesRemain', 'ContentRemoved', REMOVED],
    [
      'NamespaceFinalizersRemaining',
      some(FINALIZERS, finalizers),
      'SomeFinalizersRemain',
      'ContentHasNoFinalizers',
      FINISHED,
    ],
  ]
  return rows.map(row => conditionOf(row, old, time))
}

/** When a namespace that is not empty is looked at again: soon at first, later the longer it takes. */
export function againMs(deletionTimestamp: string, nowMs: number): number {
  const ageMs = nowMs - Date.parse(deletionTimestamp)
  return Math.min(NAMESPACE_AGAIN_MS_MAX, Math.max(NAMESPACE_AGAIN_MS, ageMs / 4))
}

type Row = readonly [type: string, problem: string | undefined, bad: string, good: string, message: string]

function conditionOf([type, problem, bad, good, message]: Row, old: Json | undefined, time: string): JsonObject {
  const status = problem === undefined ? 'False' : 'True'
  const before = listAt(old).find(each => textAt(each, 'type') === type)
  const isSame = isJsonObject(before) && textAt(before, 'status') === status
  return {
    type,
    status,
    lastTransitionTime: isSame ? (textAt(before, 'lastTransitionTime') ?? time) : time,
    reason: problem === undefined ? good : bad,
    message: problem ?? message,
  }
}

function failed(failures: readonly string[]): string | undefined {
  if (failures.length === 0) return undefined
  return `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`
}

function some(begin: string, items: readonly string[]): string | undefined {
  return items.length === 0 ? undefined : `${begin}: ${items.join(', ')}`
}

function finalizerCounts(remains: readonly Remains[]): readonly [string, number][] {
  const sums = new Map<string, number>()
  for (const { finalizers } of remains) {
    for (const [name, count] of finalizers) sums.set(name, (sums.get(name) ?? 0) + count)
  }
  return Array.from(sums).sort(([a], [b]) => (a < b ? -1 : 1))
}

// Kubernetes puts the dot there for the core group too.
function fullName({ plural, group }: ApiResource): string {
  return `${plural}.${group}`
}

const DISCOVERED = 'All resources successfully discovered'
const PARSED = 'All legacy kube types successfully parsed'
const DELETED = 'All content successfully deleted, may be waiting on finalization'
const REMOVED = 'All content successfully removed'
const FINISHED = 'All content-preserving finalizers finished'
const REMAINING = 'Some resources are remaining'
const FINALIZERS = 'Some content in the namespace has finalizers remaining'
