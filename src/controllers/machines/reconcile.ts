import { isFault } from '#base'
import type { NodeMap } from '#cluster'
import { type Change, ifFault, type Informer } from '#client'
import { isJsonObject, isSameJson, type KubeObject, MACHINE_FINALIZER, textAt } from '#schema'
import { MACHINE_LOOK_MS, MAP_STEP_MS } from '../limits.ts'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { timeText } from '../loop/times.ts'
import { DISKS, FILESYSTEMS, NODES, POOLS } from '../resources.ts'
import type { Cluster } from './cluster.ts'
import { leavingConditions, type MachineFacts } from './conditions.ts'
import { followDisks, forgetDisks } from './follow-disks.ts'
import { Leases } from './leases.ts'
import { labelsOf, newNode, nodeStatus } from './node-object.ts'
import { nextMap } from './plan.ts'
import { happenings } from './happenings.ts'
import { problemsOf } from './problems.ts'

/** What the machines are told and shown by. */
export interface MachineWork {
  readonly parts: ControllerParts
  readonly cluster: Cluster
  readonly nodes: Informer
  readonly disks: Informer
  readonly pools: Informer
  readonly filesystems: Informer
  readonly leases: Leases
}

/**
 * Keeps the map of machines as Node, Disk and Pool objects and what is heard want it, and the objects as machines are. A Node
 * that is deleted takes its machine out of the cloud, certificate first.
 */
export function machinesController(parts: ControllerParts, cluster: Cluster): Controller {
  const { world, informers } = parts
  const [nodes, disks, pools, filesystems] = [
    informers.of({ resource: NODES }),
    informers.of({ resource: DISKS }),
    informers.of({ resource: POOLS }),
    informers.of({ resource: FILESYSTEMS }),
  ]
  const work: MachineWork = { parts, cluster, nodes, disks, pools, filesystems, leases: new Leases(parts) }
  const reconcile = (key: string, signal: AbortSignal): Promise<Outcome> =>
    key === MAP ? reconcileMap(work, controller, signal) : reconcileNode(work, key, signal)
  const controller = new Controller({ name: 'machines', world, reconcile })
  feed(controller, nodes, ({ metadata }, change) => (isOfMap(change) ? [metadata.name, MAP] : [metadata.name]))
  feed(controller, pools, (_, change) => (isOfMap(change) ? [MAP] : []))
  feed(controller, disks, disk => [textAt(disk, 'spec', 'nodeName') ?? ''].filter(name => name !== ''))
  feed(controller, filesystems, (_, { now, before }) => {
    const [home, earlier] = [homeOf(now), homeOf(before)]
    return home === earlier ? [] : [home, earlier].filter(name => name !== undefined)
  })
  const heard = (names: readonly string[]): void => {
    for (const name of names) controller.add(name)
    // In a large cloud there is always something new to hear: it is looked at together.
    controller.addAfter(MAP, MAP_STEP_MS + cluster.heard.size)
  }
  controller.use(cluster.onHeard(heard))
  controller.add(MAP)
  return controller
}

// No name of a machine.
const MAP = '/'

function homeOf(filesystem: KubeObject | undefined): string | undefined {
  return textAt(filesystem, 'status', 'home')
}

// The map knows nothing of a status.
function isOfMap({ now, before }: Change): boolean {
  const told = (object: KubeObject | undefined) => [object?.['spec'] ?? null, object?.metadata.labels ?? null]
  const isGoing = (object: KubeObject | undefined) => object?.metadata.deletionTimestamp !== undefined
  return (
    now === undefined ||
    before === undefined ||
    isGoing(now) !== isGoing(before) ||
    !isSameJson(told(now), told(before))
  )
}

async function reconcileMap(work: MachineWork, controller: Controller, signal: AbortSignal): Promise<Outcome> {
  const { before, map } = await keepMap(work, undefined, signal)
  const states = new Map(before?.machines.map(each => [each.name, JSON.stringify(each)]))
  const isLevelNew = before?.level !== map.level
  for (const machine of map.machines) {
    const isNew = states.get(machine.name) !== JSON.stringify(machine)
    if (isNew || isLevelNew || work.nodes.get(machine) === undefined) controller.add(machine.name)
  }
  return { kind: 'again', afterMs: MACHINE_LOOK_MS }
}

/** Computes the map and keeps it when it is another; `leaving` is not in it any more. */
async function keepMap(
  { cluster, nodes, pools }: MachineWork,
  leaving: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly before: NodeMap | undefined; readonly map: NodeMap }> {
  await Promise.all([nodes.synced(signal), pools.synced(signal)])
  const { own, cloud, heard } = cluster
  for (;;) {
    const { members, revoked } = await cluster.certificates(signal)
    const { map: before, revision } = await cluster.keptMap(signal)
    const known = new Map(nodes.all().map(node => [node.metadata.name, node]))
    const roles = new Map(before?.machines.map(({ name, role }) => [name, role === 'controller']))
    for (const { name, isController } of members) roles.set(name, isController)
    // One that was away until its certificate expired is a machine of the cloud until its Node is deleted.
    const isMember = (name: string): boolean =>
      name !== leaving && (members.some(each => each.name === name) || isKept(known.get(name)))
    const all = [...roles].map(([name, isController]) => ({ name, isController })).filter(({ name }) => isMember(name))
    if (!all.some(({ name }) => name === own)) all.push({ name: own, isController: true })
    const facts = { own, cloud, versionThere: cluster.versionThere, members: all, heard, nodes: known, revoked }
    const map = nextMap(before, { ...facts, pools: pools.all().filter(isStaying) })
    if (map === before || (await cluster.keepMap(map, revision, signal))) return { before, map }
  }
}

function isKept(node: KubeObject | undefined): boolean {
  return node !== undefined && isStaying(node) && node.metadata.finalizers?.includes(MACHINE_FINALIZER) === true
}

function isStaying({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp === undefined
}

async function reconcileNode(work: MachineWork, name: string, signal: AbortSignal): Promise<Outcome> {
  const { client } = work.parts
  const node = await client.find(NODES, { name }, signal)
  if (node !== undefined && !isStaying(node)) return leave(work, node, signal)
  const { map } = work.cluster
  const machine = map?.machines.find(each => each.name === name)
  if (map === undefined || machine === undefined) return DONE
  if (node === undefined) {
    // Whoever has a certificate is in the map; who is leaving has none that holds.
    await client.create(NODES, newNode(name), signal).catch(ifFault('AlreadyExists'))
    return DONE
  }
  const heard = work.cluster.heard.get(name)
  const levelMax = Math.max(...map.machines.map(each => work.cluster.heard.get(each.name)?.report?.level ?? 0))
  const problems =
    heard === undefined || machine.state === 'Offline' ? [] : problemsOf(heard, { level: map.level, levelMax })
  const homes = work.filesystems.all().filter(each => homeOf(each) === name)
  const facts = { machine, heard, problems, homes: homes.map(each => each.metadata.name) }
  const labelled = await protect(work, node, facts, signal)
  await tell(work, labelled, facts, signal)
  if (heard?.report !== undefined) await followDisks(work, name, heard.report.disks, signal)
  if (machine.state === 'Offline') return { kind: 'again', afterMs: MACHINE_LOOK_MS }
  return { kind: 'again', afterMs: await work.leases.keep(name, signal) }
}

// Takes a machine out: what lets it in, then its place in the map; its objects last.
async function leave(work: MachineWork, node: KubeObject, signal: AbortSignal): Promise<Outcome> {
  const { metadata } = node
  const { name, uid, finalizers = [] } = metadata
  if (!finalizers.includes(MACHINE_FINALIZER)) return DONE
  // The machine that decides stays: its Node goes, and comes anew.
  if (name !== work.cluster.own) {
    await tellLeaving(work.parts, node, signal)
    await work.cluster.revoke(name, signal)
    await keepMap(work, name, signal)
    await forgetDisks(work, name, signal)
  }
  const left = finalizers.filter(each => each !== MACHINE_FINALIZER)
  const body = { metadata: { uid, finalizers: left.length === 0 ? null : left } }
  await work.parts.client.patch(NODES, { name }, { type: 'merge', body }, signal).catch(ifFault('NotFound'))
  return DONE
}

// Who watches sees why the machine goes.
async function tellLeaving({ client, world }: ControllerParts, node: KubeObject, signal: AbortSignal): Promise<void> {
  const old = isJsonObject(node['status']) ? node['status'] : {}
  const status = { ...old, conditions: leavingConditions(node, timeText(world.clock)) }
  if (isSameJson(old, status)) return
  await client.updateStatus(NODES, { ...node, status }, signal).catch((error: unknown) => {
    if (!isFault(error, 'Conflict') && !isFault(error, 'NotFound')) throw error
  })
}

// Finalizer and labels, in one write; of people's labels none is taken away.
async function protect(
  { parts: { client } }: MachineWork,
  node: KubeObject,
  facts: MachineFacts,
  signal: AbortSignal,
): Promise<KubeObject> {
  const labels = labelsOf(node, facts)
  const finalizers = [...new Set([...(node.metadata.finalizers ?? []), MACHINE_FINALIZER])]
  const isRight =
    isSameJson(labels, node.metadata.labels ?? {}) && finalizers.length === node.metadata.finalizers?.length
  if (isRight) return node
  return client.update(NODES, { ...node, metadata: { ...node.metadata, labels, finalizers } }, signal)
}

async function tell(work: MachineWork, node: KubeObject, facts: MachineFacts, signal: AbortSignal): Promise<void> {
  const { client, events, world } = work.parts
  const status = nodeStatus(node, facts, timeText(world.clock))
  if (status === node['status']) return
  await client.updateStatus(NODES, { ...node, status }, signal)
  for (const happening of happenings(node, status)) events.record({ object: node, ...happening })
}
