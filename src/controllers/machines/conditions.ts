import { type HeardMachine, type MapMachine, OFFLINE_MS, SUSPECT_MS } from '#cluster'
import { bytesText, isJsonObject, type JsonObject, type KubeObject, listAt, textAt } from '#schema'
import type { MachineProblem } from './problems.ts'

/** What is known of a machine besides its object. */
export interface MachineFacts {
  readonly machine: MapMachine
  readonly heard: HeardMachine | undefined
  readonly problems: readonly MachineProblem[]
  /** Filesystems whose home it is. */
  readonly homes: readonly string[]
}

interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
}

/** The conditions of a Node: that of Kubernetes first, then those of Cairn. What has not changed keeps its times. */
export function conditionsOf(node: KubeObject | undefined, facts: MachineFacts, time: string): readonly JsonObject[] {
  const wanted = [
    readyOf(facts),
    ...reachOf(facts),
    degradedOf(facts),
    drainingOf(facts),
    ...meshOf(facts),
    removedOf(false),
  ]
  return merged(node, wanted, time)
}

/** The conditions of a Node whose machine is being taken out of the cloud. */
export function leavingConditions(node: KubeObject, time: string): readonly JsonObject[] {
  return merged(node, [removedOf(true)], time)
}

function merged(node: KubeObject | undefined, wanted: readonly Condition[], time: string): readonly JsonObject[] {
  const before = listAt(node, 'status', 'conditions')
  const others = before.filter(each => wanted.every(({ type }) => type !== textAt(each, 'type')))
  const told = wanted.map(condition => {
    const old = before.find(each => textAt(each, 'type') === condition.type)
    const isSame = textAt(old, 'status') === condition.status
    const since = isSame ? textAt(old, 'lastTransitionTime') : undefined
    const saidAt = isSame && textAt(old, 'message') === condition.message ? textAt(old, 'lastHeartbeatTime') : undefined
    return { ...condition, lastHeartbeatTime: saidAt ?? time, lastTransitionTime: since ?? time }
  })
  return [...told, ...others.filter(isJsonObject)]
}

function readyOf({ machine: { state }, problems }: MachineFacts): Condition {
  const type = 'Ready'
  if (state === 'Offline') {
    return { type, status: 'Unknown', reason: 'NodeStatusUnknown', message: `not heard for ${OFFLINE_MS / 1000} s` }
  }
  const [worst] = problems
  const message = worst === undefined ? 'the machine is heard and serves its disks' : `it works, but ${worst.message}`
  return { type, status: 'True', reason: 'MachineHeard', message }
}

// Of Online, Suspect and Offline exactly one is true.
function reachOf({ machine: { state } }: MachineFacts): readonly Condition[] {
  const isOffline = state === 'Offline'
  const isSuspect = state === 'Suspect'
  const heard = 'heard within the last seconds'
  const suspect = `not heard for ${SUSPECT_MS / 1000} s: nothing new is written to it`
  const offline = `not heard for ${OFFLINE_MS / 1000} s: switched off, cut off, or its Cairn does not run`
  return [
    flagged('Online', !isOffline && !isSuspect, isOffline ? 'Offline' : isSuspect ? 'Suspect' : 'Heard', {
      yes: heard,
      no: isOffline ? offline : suspect,
    }),
    flagged('Suspect', isSuspect, isSuspect ? 'HeartbeatLate' : isOffline ? 'Offline' : 'Heard', {
      yes: suspect,
      no: isOffline ? offline : heard,
    }),
    flagged('Offline', isOffline, isOffline ? 'NotHeard' : isSuspect ? 'HeartbeatLate' : 'Heard', {
      yes: offline,
      no: isSuspect ? suspect : heard,
    }),
  ]
}

function degradedOf({ problems }: MachineFacts): Condition {
  const reason = problems[0]?.reason ?? 'Well'
  const yes = problems.map(({ message }) => message).join('; ')
  return flagged('Degraded', problems.length > 0, reason, { yes, no: 'nothing is wrong with it' })
}

// In words and steps that stay the same while it does: each change is written.
function meshOf({ machine: { mesh }, heard }: MachineFacts): readonly Condition[] {
  const said = heard?.report?.mesh
  if (said === undefined) return []
  const { provider, problem, nat, scoreTenths, direct, relayed } = said
  const isOn = provider !== 'none' && problem === undefined
  const [address = 'no address yet'] = mesh?.addresses ?? []
  const ways = `reaches ${direct} machines directly, ${relayed} over another`
  const yes =
    provider === 'interface'
      ? `${address} on an interface of its own, ${ways}`
      : `${address}, NAT ${nat}, score ${(scoreTenths / 10).toFixed(1)}, ${ways}`
  const reason = provider === 'wireguard' ? 'WireGuard' : provider === 'interface' ? 'Interface' : 'NoMesh'
  return [flagged('Mesh', isOn, reason, { yes, no: problem ?? 'it has none' })]
}

function drainingOf({ machine, heard, homes }: MachineFacts): Condition {
  const isAsked = machine.state === 'Draining'
  if (!isAsked) return flagged('Draining', false, 'NotAsked', { yes: '', no: 'it keeps its copies' })
  const held = heldBy(heard)
  if (held === undefined) return flagged('Draining', true, 'Unknown', { yes: 'what it holds is not known yet', no: '' })
  const left = [
    ...(held.chunks === 0 ? [] : [`about ${held.text} are still on it`]),
    ...(homes.length === 0 ? [] : [`it is the home of ${homes.join(', ')}`]),
  ]
  const yes = left.length === 0 ? 'nothing is left on it: it can be switched off' : left.join(', and ')
  return flagged('Draining', true, left.length === 0 ? 'Empty' : 'Moving', { yes, no: '' })
}

function removedOf(isRemoved: boolean): Condition {
  return flagged('Removed', isRemoved, isRemoved ? 'NodeDeleted' : 'InCloud', {
    yes: 'its certificate is refused, and what it had alone is lost',
    no: 'it is a machine of the cloud',
  })
}

/** What the disks of a machine hold: in a few digits, so that it is not news with each chunk. Undefined: it has not said. */
export function heldBy(
  heard: HeardMachine | undefined,
): { readonly chunks: number; readonly text: string } | undefined {
  const disks = heard?.report?.disks
  if (disks === undefined) return undefined
  const chunks = disks.reduce((sum, each) => sum + each.chunks, 0)
  const usedMiB = disks.reduce((sum, each) => sum + each.usedMiB, 0)
  return { chunks, text: `${Number(chunks.toPrecision(2))} chunks in ${bytesText(`${usedMiB}Mi`) ?? '0'}` }
}

function flagged(
  type: string,
  isTrue: boolean,
  reason: string,
  { yes, no }: { readonly yes: string; readonly no: string },
): Condition {
  return { type, status: isTrue ? 'True' : 'False', reason, message: isTrue ? yes : no }
}
