import type { Clock } from '#base'
import { DEFAULT_NAMESPACES } from '#identity'
import { isJsonObject, type KubeObject, listAt, numberAt, type Resource, textAt } from '#schema'
import { apiFault } from '../faults.ts'
import { qualified } from '../store/object-store.ts'

/** What becomes of the objects that an object owns. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan'

/** What a deletion is bound to, and how it is done. */
export interface DeleteOptions {
  readonly isDryRun: boolean
  readonly uid: string | undefined
  readonly resourceVersion: string | undefined
  readonly gracePeriodSeconds: number | undefined
  readonly propagation: Propagation | undefined
}

/** Deletes at once, with what is owned in the background. */
export const DELETE_PLAINLY: DeleteOptions = {
  isDryRun: false,
  uid: undefined,
  resourceVersion: undefined,
  gracePeriodSeconds: undefined,
  propagation: undefined,
}

/** True when nothing keeps an object that is being deleted: no finalizer, and no time left to end well. */
export function isGone(resource: Resource, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false
  return !isNamespace(resource) || listAt(object, 'spec', 'finalizers').length === 0
}

/**
 * An object marked as being deleted (k8s.io/apiserver/pkg/registry/rest BeforeDelete): with the finalizers of the wanted
 * propagation, and for pods with the time to end well. One that is marked already can only get less time. Faults:
 * Conflict, Forbidden.
 */
export function markDeleted(resource: Resource, old: KubeObject, options: DeleteOptions, clock: Clock): KubeObject {
  refusePreconditions(resource, old, options)
  refuseImmortal(resource, old)
  const { deletionTimestamp } = old.metadata
  if (deletionTimestamp !== undefined) return shortened(old, deletionTimestamp, options.gracePeriodSeconds)
  const graceSeconds = graceOf(resource, old, options.gracePeriodSeconds)
  const { generation } = old.metadata
  const finalizers = finalizersFor(old.metadata.finalizers ?? [], options.propagation)
  const { finalizers: _, ...rest } = old.metadata
  const metadata = {
    ...rest,
    ...(generation === undefined ? {} : { generation: generation + 1 }),
    ...(finalizers.length === 0 ? {} : { finalizers }),
    deletionTimestamp: timeAfter(Number(clock.wallNs() / 1_000_000n), graceSeconds),
    deletionGracePeriodSeconds: graceSeconds,
  }
  const marked = { ...old, metadata }
  if (!isNamespace(resource)) return marked
  const status = isJsonObject(old['status']) ? old['status'] : {}
  return { ...marked, status: { ...status, phase: 'Terminating' } }
}

function shortened(old: KubeObject, deletionTimestamp: string, wanted: number | undefined): KubeObject {
  const { deletionGracePeriodSeconds: current = 0 } = old.metadata
  if (wanted === undefined || wanted >= current) return old
  const seconds = wanted < 0 ? 1 : wanted
  const time = timeAfter(Date.parse(deletionTimestamp), seconds - current)
  return { ...old, metadata: { ...old.metadata, deletionTimestamp: time, deletionGracePeriodSeconds: seconds } }
}

// Only pods have something that can end well or not; one that runs nowhere, or has ended, needs no time.
function graceOf({ group, plural }: Resource, old: KubeObject, wanted: number | undefined): number {
  if (group !== '' || plural !== 'pods') return 0
  if (textAt(old, 'spec', 'nodeName') === undefined) return 0
  if (['Succeeded', 'Failed'].includes(textAt(old, 'status', 'phase') ?? '')) return 0
  const seconds = wanted ?? numberAt(old, 'spec', 'terminationGracePeriodSeconds') ?? POD_GRACE_SECONDS
  return seconds < 0 ? 1 : seconds
}

/** Names the finalizer that keeps an object until what it owns, and blocks it, is gone. */
export const FOREGROUND = 'foregroundDeletion'
/** Names the finalizer that keeps an object until what it owns no longer names it. */
export const ORPHAN = 'orphan'

function finalizersFor(old: readonly string[], propagation: Propagation | undefined): readonly string[] {
  if (propagation === undefined) return old
  const others = old.filter(name => name !== FOREGROUND && name !== ORPHAN)
  if (propagation === 'Background') return others
  return [...others, propagation === 'Foreground' ? FOREGROUND : ORPHAN]
}

function refusePreconditions(resource: Resource, { metadata }: KubeObject, options: DeleteOptions): void {
  const refuse = (said: string): never => {
    throw apiFault('Conflict', `Operation cannot be fulfilled on ${qualified(resource)} "${metadata.name}": ${said}`)
  }
  const { uid, resourceVersion } = options
  if (uid !== undefined && uid !== metadata.uid) {
    refuse(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    refuse(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

function refuseImmortal(resource: Resource, { metadata: { name } }: KubeObject): void {
  if (!isNamespace(resource) || !IMMORTAL_NAMESPACES.has(name)) return
  throw apiFault('Forbidden', `namespaces "${name}" is forbidden: this namespace may not be deleted`)
}

function isNamespace({ group, plural }: Resource): boolean {
  return group === '' && plural === 'namespaces'
}

function timeAfter(ms: number, seconds: number): string {
  return `${new Date(ms + seconds * 1000).toISOString().slice(0, 19)}Z`
}

/** Namespaces that cannot be deleted: nothing makes them again while Cairn runs, and Leases of machines lie in one. */
export const IMMORTAL_NAMESPACES: ReadonlySet<string> = new Set(DEFAULT_NAMESPACES)
const POD_GRACE_SECONDS = 30
