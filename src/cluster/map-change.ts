import { createHash } from 'node:crypto'
import { list, type Shape, type ShapeOf, shape, text } from '#rpc'
import { clusterFault } from './faults.ts'
import { HOMES_MAX, MACHINES_MAX, POOLS_MAX, REVOKED_MAX } from './limits.ts'
import { mapBytes } from './map-bytes.ts'
import {
  filesystemShape,
  type MapFilesystem,
  type MapMachine,
  type MapPool,
  machineShape,
  mapHeadShape,
  type NodeMap,
  nodeMapShape,
  poolShape,
} from './node-map.ts'

/** What happened to a list of a map: rows that are new or other now, and what those that are gone were known by. */
function rowsShape<Row>(row: Shape<Row>, max: number) {
  return shape({ set: list(row, max), gone: list(text(253), max) })
}

const mapChangeShape = shape({
  /** Of the map that it leads to, as {@link mapDigest} has it. */
  digest: text(64),
  head: mapHeadShape,
  machines: rowsShape(machineShape, MACHINES_MAX),
  pools: rowsShape(poolShape, POOLS_MAX),
  filesystems: rowsShape(filesystemShape, HOMES_MAX),
  revoked: rowsShape(text(64), REVOKED_MAX),
})

/** What leads from one map to a later one. */
export type MapChange = ShapeOf<typeof mapChangeShape>

/** What happened to one list of a map. */
export interface RowsChange<Row> {
  readonly set: readonly Row[]
  readonly gone: readonly string[]
}

/** What the rows of each list of a map are known by. */
export const ROW_KEYS = {
  machines: ({ name }: MapMachine) => name,
  pools: ({ id }: MapPool) => id,
  filesystems: ({ name }: MapFilesystem) => name,
  revoked: (serial: string) => serial,
} as const

/** A change as it travels: JSON, as a body. */
export function changeBytes(change: MapChange): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(change))
}

/** Reads what {@link changeBytes} wrote, from anybody. Faults: BadMap. */
export function readChange(bytes: Uint8Array): MapChange {
  try {
    return mapChangeShape(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'change')
  } catch (error) {
    throw clusterFault('BadMap', 'this is no change of a map', { cause: error })
  }
}

/** SHA-256 of a shared map, hexadecimal: the same wherever all of it is known and the same. Faults: BadMessage, of too long lists. */
export function mapDigest(map: NodeMap): string {
  // In one order, and without what this version does not know.
  const plain = nodeMapShape({ ...map, isShared: true }, 'map')
  return createHash('sha256').update(mapBytes(plain)).digest('hex')
}

/** The map that a change leads to from this one. Faults: BadMap, when it leads elsewhere than it says. */
export function changedMap(map: NodeMap, { digest, head, ...change }: MapChange): NodeMap {
  const changed: NodeMap = {
    ...head,
    machines: changedRows(map.machines, change.machines, ROW_KEYS.machines),
    pools: changedRows(map.pools, change.pools, ROW_KEYS.pools),
    filesystems: changedRows(map.filesystems, change.filesystems, ROW_KEYS.filesystems),
    revoked: changedRows(map.revoked, change.revoked, ROW_KEYS.revoked),
    isShared: true,
  }
  if (digestOf(changed) === digest) return changed
  throw clusterFault('BadMap', `this change does not lead from map ${map.version} to map ${head.version}`)
}

function digestOf(map: NodeMap): string | undefined {
  try {
    return mapDigest(map)
  } catch (error) {
    throw clusterFault('BadMap', 'this change does not lead to a map', { cause: error })
  }
}

// Lists of a map are in the order of what their rows are known by.
function changedRows<Row>(
  rows: readonly Row[],
  { set, gone }: RowsChange<Row>,
  keyOf: (row: Row) => string,
): readonly Row[] {
  if (set.length === 0 && gone.length === 0) return rows
  const changed = new Map(rows.map(row => [keyOf(row), row]))
  for (const key of gone) changed.delete(key)
  for (const row of set) changed.set(keyOf(row), row)
  return [...changed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
