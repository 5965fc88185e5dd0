import type {
  DiskReport,
  HeardMachine,
  MachineState,
  MapDisk,
  MapFilesystem,
  MapMachine,
  MapPool,
  NodeMap,
} from '#cluster'
import { isDraining, isSameJson, type Json, type KubeObject, numberAt, textAt, ZONE_LABEL } from '#schema'
import { allocate } from '#mesh'
import { groupsFor } from '#storage/placement'
import { MAP_MACHINES_MAX, MAP_POOLS_MAX, MAP_REVOKED_MAX } from '../limits.ts'
import type { Member } from './cluster.ts'
import { mapDisk } from './disks.ts'

/** All that the next map is computed from, beside the map before. */
export interface MapFacts {
  readonly own: string
  readonly cloud: string
  /** A version that some machine has already: the next map is above. */
  readonly versionThere: number
  /** Who is in the cloud. */
  readonly members: readonly Member[]
  readonly heard: ReadonlyMap<string, HeardMachine>
  /** Node objects by name. */
  readonly nodes: ReadonlyMap<string, KubeObject>
  readonly pools: readonly KubeObject[]
  readonly revoked: readonly string[]
}

/** The map as it has to be; the very one before when that is right. */
export function nextMap(kept: NodeMap | undefined, facts: MapFacts): NodeMap {
  // What another cloud agreed on says nothing here.
  const before = kept?.cloud === facts.cloud ? kept : undefined
  const known = new Map(before?.machines.map(each => [each.name, each]))
  const members = [...facts.members].sort((a, b) => compare(a.name, b.name)).slice(0, MAP_MACHINES_MAX)
  const mesh = allocate(
    members.map(member => ({
      ...member,
      before: known.get(member.name)?.mesh,
      report: facts.heard.get(member.name)?.report?.mesh,
    })),
    { cloud: facts.cloud, before: before?.mesh },
  )
  const next: NodeMap = {
    version: kept?.version ?? 0,
    cloud: facts.cloud,
    level: levelOf(before, members, facts),
    groups: Math.max(before?.groups ?? 1, groupsFor(members.length)),
    machines: members.map(member => {
      const place = mesh.places.get(member.name)
      return { ...mapMachine(member, known.get(member.name), facts), ...(place === undefined ? {} : { mesh: place }) }
    }),
    pools: facts.pools
      .map(mapPool)
      .sort((a, b) => compare(a.id, b.id))
      .slice(0, MAP_POOLS_MAX),
    filesystems: (before?.filesystems ?? []).map(each => withoutGone(each, members)),
    revoked: [...new Set(facts.revoked)].slice(-MAP_REVOKED_MAX).sort(compare),
    isShared: true,
    ...(mesh.ranges === undefined ? {} : { mesh: mesh.ranges }),
  }
  const isNew = kept === undefined || !isSameMap(kept, next)
  if (!isNew && kept.version >= facts.versionThere) return kept
  return { ...next, version: Math.max(next.version, facts.versionThere) + 1 }
}

/** A machine of the map as it is now. */
function mapMachine({ name, isController }: Member, before: MapMachine | undefined, facts: MapFacts): MapMachine {
  const report = facts.heard.get(name)?.report
  const node = facts.nodes.get(name)
  const disks = new Map(before?.disks.map(each => [each.id, each]))
  return {
    name,
    role: isController ? 'controller' : 'node',
    zone: zoneOf(report?.zone, node) ?? before?.zone ?? '',
    addresses: report?.addresses ?? before?.addresses ?? [],
    state: stateOf(name, before, facts),
    disks: report === undefined ? (before?.disks ?? []) : mapDisks(report.disks, disks),
  }
}

// On a disk that is to be left no copies shall lie: the map is without it.
function mapDisks(reports: readonly DiskReport[], before: ReadonlyMap<string, MapDisk>): readonly MapDisk[] {
  return reports.filter(({ isLeaving }) => isLeaving !== true).map(each => mapDisk(each, before.get(each.id)))
}

// A machine that was removed has the log no more; a home stays named until there is another.
function withoutGone(filesystem: MapFilesystem, members: readonly Member[]): MapFilesystem {
  const { home, inSync } = filesystem
  return { ...filesystem, inSync: inSync.filter(name => name === home || members.some(each => each.name === name)) }
}

// What a machine says of its place counts, else what people have said.
function zoneOf(said: string | undefined, node: KubeObject | undefined): string | undefined {
  return said === undefined || said === '' ? (node?.metadata.labels?.[ZONE_LABEL] ?? said) : said
}

// A machine of which nothing was heard since the start of this storage process is as it was.
function stateOf(name: string, before: MapMachine | undefined, { own, heard, nodes }: MapFacts): MachineState {
  const was = before?.state === 'Draining' ? 'Online' : before?.state
  const told = name === own ? 'Online' : (heard.get(name)?.state ?? was ?? 'Offline')
  const state = told === 'Draining' ? 'Online' : told
  return state !== 'Offline' && isDraining(nodes.get(name)) ? 'Draining' : state
}

/** The level of a cloud rises when every machine says that it understands more, and never falls. */
function levelOf(before: NodeMap | undefined, members: readonly Member[], { heard }: MapFacts): number {
  const said = members.map(({ name }) => heard.get(name)?.report?.level)
  const levels = said.filter(level => level !== undefined)
  if (before === undefined) return levels.length === 0 ? LEVEL_MIN : Math.min(...levels)
  return levels.length < said.length ? before.level : Math.max(before.level, Math.min(...levels))
}

const LEVEL_MIN = 1

function mapPool(pool: KubeObject): MapPool {
  const [replicas, minReplicas] = [numberAt(pool, 'spec', 'replicas'), numberAt(pool, 'spec', 'minReplicas')]
  const placement = textAt(pool, 'spec', 'placement')
  return {
    id: pool.metadata.name,
    ...(replicas === undefined ? {} : { replicas }),
    ...(minReplicas === undefined ? {} : { minReplicas }),
    policy: placement === 'all' || placement === 'roundRobin' ? placement : 'weighted',
  }
}

/** True when two maps differ in nothing but their version. */
export function isSameMap(a: NodeMap, b: NodeMap): boolean {
  return isSameJson(bare(a), bare(b))
}

// As JSON has it: without what is undefined.
function bare(map: NodeMap): Json | undefined {
  const value: { readonly map: Json } = JSON.parse(JSON.stringify({ map: { ...map, version: 0 } }))
  return value.map
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
