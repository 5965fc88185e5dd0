import { ageOf } from '../../columns.ts'
import { type Json, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'

/** What `kubectl get pods` says of a pod beside its name and age (the server's pod printer). */
export interface PodSummary {
  readonly ready: string
  readonly status: string
  readonly restarts: string
}

/** Sums up a pod: how many containers are ready, what it does or why it does not, how often it began again. */
export function podSummary(object: KubeObject, nowMs: number): PodSummary {
  const init = initOf(object)
  const total = listAt(object, 'spec', 'containers').length + sidecarNames(object).size
  const isInitialized = conditionStatus(object, 'Initialized') === 'True'
  const isStarted = init.reason === undefined || isInitialized
  const main = isStarted ? mainOf(object) : undefined
  const reason = main?.reason ?? init.reason ?? reasonOf(object)
  const restarts = main === undefined ? init.restarts : addRestarts(init.sidecarRestarts, main.restarts)
  const ready = init.ready + (main?.ready ?? 0)
  return { ready: `${ready}/${total}`, status: endingOf(object, reason), restarts: restartText(restarts, nowMs) }
}

interface Restarts {
  readonly count: number
  readonly lastAt: string | undefined
}

const NONE: Restarts = { count: 0, lastAt: undefined }

function reasonOf(object: KubeObject): string {
  const isGated = listAt(object, 'status', 'conditions').some(
    each => textAt(each, 'type') === 'PodScheduled' && textAt(each, 'reason') === 'SchedulingGated',
  )
  if (isGated) return 'SchedulingGated'
  return textAt(object, 'status', 'reason') ?? textAt(object, 'status', 'phase') ?? 'Unknown'
}

// Containers of the beginning that go on beside the others.
function sidecarNames(object: KubeObject): ReadonlySet<string> {
  const sidecars = listAt(object, 'spec', 'initContainers').filter(each => textAt(each, 'restartPolicy') === 'Always')
  return new Set(sidecars.map(each => textAt(each, 'name') ?? ''))
}

function initOf(object: KubeObject) {
  const sidecars = sidecarNames(object)
  const count = listAt(object, 'spec', 'initContainers').length
  let [restarts, sidecarRestarts, ready] = [NONE, NONE, 0]
  for (const [index, status] of listAt(object, 'status', 'initContainerStatuses').entries()) {
    const isSidecar = sidecars.has(textAt(status, 'name') ?? '')
    restarts = addRestarts(restarts, restartsOf(status))
    if (isSidecar) sidecarRestarts = addRestarts(sidecarRestarts, restartsOf(status))
    if (numberAt(status, 'state', 'terminated', 'exitCode') === 0) continue
    if (isSidecar && jsonAt(status, 'started') === true) {
      if (jsonAt(status, 'ready') === true) ready += 1
      continue
    }
    return { restarts, sidecarRestarts, ready, reason: initReason(status) ?? `Init:${index}/${count}` }
  }
  return { restarts, sidecarRestarts, ready, reason: undefined }
}

function initReason(status: Json): string | undefined {
  const ended = jsonAt(status, 'state', 'terminated')
  if (ended !== undefined) return `Init:${endReason(ended)}`
  const waiting = textAt(status, 'state', 'waiting', 'reason') ?? ''
  return waiting === '' || waiting === 'PodInitializing' ? undefined : `Init:${waiting}`
}

function mainOf(object: KubeObject) {
  let [restarts, ready, isRunning] = [NONE, 0, false]
  let reason: string | undefined
  for (const status of [...listAt(object, 'status', 'containerStatuses')].reverse()) {
    restarts = addRestarts(restarts, restartsOf(status))
    const waiting = textAt(status, 'state', 'waiting', 'reason') ?? ''
    const ended = jsonAt(status, 'state', 'terminated')
    if (waiting !== '') reason = waiting
    else if (ended !== undefined) reason = endReason(ended)
    else if (jsonAt(status, 'ready') === true && jsonAt(status, 'state', 'running') !== undefined) {
      isRunning = true
      ready += 1
    }
  }
  if (isRunning && (reason ?? reasonOf(object)) === 'Completed') {
    reason = conditionStatus(object, 'Ready') === 'True' ? 'Running' : 'NotReady'
  }
  return { restarts, ready, reason }
}

function endReason(ended: Json): string {
  const reason = textAt(ended, 'reason') ?? ''
  if (reason !== '') return reason
  const signal = numberAt(ended, 'signal') ?? 0
  return signal === 0 ? `ExitCode:${numberAt(ended, 'exitCode') ?? 0}` : `Signal:${signal}`
}

function endingOf(object: KubeObject, reason: string): string {
  if (object.metadata.deletionTimestamp === undefined) return reason
  if (textAt(object, 'status', 'reason') === 'NodeLost') return 'Unknown'
  const phase = textAt(object, 'status', 'phase') ?? ''
  return ['Failed', 'Succeeded'].includes(phase) ? reason : 'Terminating'
}

function restartsOf(status: Json): Restarts {
  return {
    count: numberAt(status, 'restartCount') ?? 0,
    lastAt: textAt(status, 'lastState', 'terminated', 'finishedAt'),
  }
}

function addRestarts(one: Restarts, other: Restarts): Restarts {
  const isLater = one.lastAt === undefined || (other.lastAt !== undefined && other.lastAt > one.lastAt)
  return { count: one.count + other.count, lastAt: isLater ? other.lastAt : one.lastAt }
}

function restartText({ count, lastAt }: Restarts, nowMs: number): string {
  return count === 0 || lastAt === undefined ? String(count) : `${count} (${ageOf(lastAt, nowMs)} ago)`
}

/** The status of a condition, such as `True`; undefined when there is none of that type. */
export function conditionStatus(object: KubeObject, type: string): string | undefined {
  const found = listAt(object, 'status', 'conditions').find(each => textAt(each, 'type') === type)
  return textAt(found, 'status')
}

/** How many of a pod's own conditions of readiness are true, of all. */
export function gatesText(object: KubeObject): string {
  const gates = listAt(object, 'spec', 'readinessGates').map(gate => textAt(gate, 'conditionType') ?? '')
  if (gates.length === 0) return '<none>'
  return `${gates.filter(gate => conditionStatus(object, gate) === 'True').length}/${gates.length}`
}
