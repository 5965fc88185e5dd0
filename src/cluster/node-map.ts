import { flag, integer, list, optional, type Shape, type ShapeOf, shape, text, word } from '#rpc'
import { meshPlaceShape, meshRangesShape } from './mesh-part.ts'
import { ADDRESSES_MAX, DISKS_MAX, HOMES_MAX, IN_SYNC_MAX, MACHINES_MAX, POOLS_MAX, REVOKED_MAX } from './limits.ts'

/** How a machine is, as the map says it. Draining gives its copies away; Removed is only seen by the machine itself. */
export const machineState = word('Online', 'Suspect', 'Offline', 'Draining')

export type MachineState = ShapeOf<typeof machineState>

const diskShape = shape({
  /** What it is known by, wherever it is moved: 32 hexadecimal digits. */
  id: text(64),
  /** MiB it offers: what placement weighs. */
  capacityMiB: integer(),
  /** Its quality against others: 4 whole, 3, 2 or 1 quarter of its capacity count. */
  quarters: integer(1, 4),
  /** What it takes: new groups too, only chunks of groups it has, or nothing more. */
  takes: word('groups', 'chunks', 'nothing'),
})

/** A disk in the map. */
export type MapDisk = ShapeOf<typeof diskShape>

export const machineShape = shape({
  name: text(253),
  role: word('controller', 'node'),
  zone: text(63),
  /** `HOST:PORT`, likely ones first. */
  addresses: list(text(300), ADDRESSES_MAX),
  state: machineState,
  disks: list(diskShape, DISKS_MAX),
  /** Where it is on the mesh; undefined: it was never on it. */
  mesh: optional(meshPlaceShape),
})

/** A machine in the map. */
export type MapMachine = ShapeOf<typeof machineShape>

export const poolShape = shape({
  id: text(63),
  /** Copies wanted; undefined: 2, or 1 while there is one machine. */
  replicas: optional(integer(1, 16)),
  /** Copies without which nothing is acknowledged; undefined: 2 from three machines on, 1 before. */
  minReplicas: optional(integer(1, 16)),
  policy: word('weighted', 'roundRobin', 'all'),
})

/** A pool in the map. */
export type MapPool = ShapeOf<typeof poolShape>

/** Where a filesystem lives: checked by `homes.ts`. */
export const filesystemShape = shape({
  name: text(63),
  /** The machine that orders and answers its changes. */
  home: text(253),
  /** Counts homes: of two records the higher epoch holds, and no two machines are home in one. */
  epoch: integer(1),
  /** Machines that have everything a sync was answered for, the home first: one of them is the next home. */
  inSync: list(text(253), IN_SYNC_MAX),
})

/** A filesystem in the map. */
export type MapFilesystem = ShapeOf<typeof filesystemShape>

// Maps were kept before filesystems were in them.
const filesystems: Shape<readonly MapFilesystem[]> = (value, at) =>
  value === undefined ? [] : list(filesystemShape, HOMES_MAX)(value, at)

const HEAD = {
  /** Counts changes. A machine never goes back to a lower one. */
  version: integer(),
  /** Of the authority's key: two clouds never have the same. */
  cloud: text(43),
  /** The formats all members understand: the lowest of what they say. */
  level: integer(),
  groups: integer(1, 65_536),
  /** Where the mesh is; undefined while no machine is on it. */
  mesh: optional(meshRangesShape),
} as const

/** A map without its lists. */
export const mapHeadShape = shape(HEAD)

/** What every machine knows of its cloud: who is in it and how. Small, versioned, whole. */
export const nodeMapShape = shape({
  ...HEAD,
  machines: list(machineShape, MACHINES_MAX),
  pools: list(poolShape, POOLS_MAX),
  /** Those that have a home, by name. */
  filesystems,
  /** Serials of certificates of machines that nobody lets in any more. */
  revoked: list(text(64), REVOKED_MAX),
  /** False while this is what a machine had before it heard of any other. */
  isShared: flag,
})

/** The map of a cloud's machines; see {@link nodeMapShape}. */
export type NodeMap = ShapeOf<typeof nodeMapShape>
