import type { HeardMachine, MachineReport, NodeMap } from '#cluster'
import { type MapFacts, nextMap } from '#controllers'
import { groupsFor, type PlacementDisk, type PlacementMap, type PlacementPool } from '#storage/placement'

/** Chunks of the simulated cloud, and what one of them has at most. */
export const CHUNKS = 10_000_000
export const CHUNK_MIB = 1
/** Copies of each. */
export const REPLICAS = 3
/** Controllers of it. */
export const CONTROLLERS = 3

/** The pool that everything is in. */
export const POOL: PlacementPool = { id: 'default', replicas: REPLICAS, policy: 'weighted' }

/** A cloud of so many machines with one disk each, of four sizes, in ten zones. */
export function disksOf(machines: number): PlacementDisk[] {
  return Array.from({ length: machines }, (_, n) => ({
    id: diskId(n),
    machine: nameOf(n),
    zone: `zone-${n % 10}`,
    weight: capacityOf(n) * 4,
  }))
}

/** The same disks as placement takes them, with as many groups as a cloud of so many machines has. */
export function placementOf(disks: readonly PlacementDisk[], machines: number): PlacementMap {
  return { version: 1, groups: groupsFor(machines), disks }
}

/** What the leading controller computes the map of such a cloud from. */
export function factsOf(machines: number): MapFacts {
  const numbers = Array.from({ length: machines }, (_, n) => n)
  const pool = { apiVersion: 'cairn.dev/v1', kind: 'Pool', metadata: META, spec: { replicas: REPLICAS } }
  return {
    own: nameOf(0),
    cloud: 'c'.repeat(43),
    versionThere: 0,
    members: numbers.map(n => ({ name: nameOf(n), isController: n < CONTROLLERS })),
    heard: new Map(numbers.map(n => [nameOf(n), heardOf(n)])),
    nodes: new Map(),
    pools: [pool],
    revoked: [],
  }
}

/** The map that is computed from facts; what stands in it is as in a real cloud. */
export function mapOf(facts: MapFacts): NodeMap {
  return nextMap(undefined, facts)
}

/** What one machine says of itself. */
export function reportOf(n: number): MachineReport {
  return {
    software: 'cairn 0.1.0',
    level: 1,
    zone: `zone-${n % 10}`,
    addresses: [`10.${n >> 8}.${n & 255}.10:7443`, `[fd00::${n.toString(16)}]:7443`],
    architecture: 'x64',
    kernel: '6.12.0-amd64',
    os: 'Debian GNU/Linux 13 (trixie)',
    cpus: 4,
    memoryMiB: 8192,
    disks: [
      {
        id: diskId(n),
        path: '/var/lib/cairn',
        state: 'Ready',
        capacityMiB: capacityOf(n),
        usedMiB: 1000,
        freeMiB: capacityOf(n) - 1000,
        chunks: (CHUNKS * REPLICAS) / 1000,
        damaged: 0,
      },
    ],
  }
}

const META = { name: POOL.id, uid: '', creationTimestamp: '' }

/** The name of a machine. */
export function nameOf(n: number): string {
  return `node-${String(n).padStart(4, '0')}`
}

function heardOf(n: number): HeardMachine {
  const name = nameOf(n)
  return { name, state: 'Online', agoMs: 500, skewMs: 0, seenFrom: `10.${n >> 8}.${n & 255}.10`, report: reportOf(n) }
}

function diskId(n: number): string {
  return n.toString(16).padStart(32, '0')
}

function capacityOf(n: number): number {
  return [250_000, 500_000, 1_000_000, 2_000_000][n % 4] ?? 0
}
