import {
  type Client,
  download,
  flag,
  integer,
  list,
  type Message,
  message,
  nothing,
  optional,
  type ShapeOf,
  shape,
  text,
  unary,
  word,
} from '#rpc'
import { HEARD_PER_ITEM, HOMES_MAX, LACKS_MAX, MACHINES_MAX } from '../limits.ts'
import { machineState } from '../node-map.ts'
import { machineReportShape } from './beat.ts'

const heardShape = shape({
  name: text(253),
  state: machineState,
  /** Milliseconds since it was heard last; undefined: not since this storage process began. */
  agoMs: optional(integer()),
  /** How far its clock is ahead. */
  skewMs: integer(-Number.MAX_SAFE_INTEGER),
  seenFrom: optional(text(300)),
  /** True while the start of it that is connected has said nothing: what is known is of the one before. */
  isNew: optional(flag),
  /** Filesystems whose log the map says that it has, and has not. */
  lacks: optional(list(text(63), LACKS_MAX)),
  report: optional(machineReportShape),
  /** Where another machine is that shows the same name and is not let in: a copy of its data folder, say. */
  duplicate: optional(text(300)),
})

/** What the storage process of a controller has heard of a machine. */
export type HeardMachine = ShapeOf<typeof heardShape>

/** Local door, for the control process: what machines say, whenever something of it has changed; all of it at first, in several items when there are many. */
export const clusterWatch = download({
  name: 'cluster.watch',
  version: 1,
  params: nothing,
  item: shape({ machines: list(heardShape, HEARD_PER_ITEM) }),
  result: nothing,
})

/** Local door, for the control process: the map from now on is in the body, as `mapBytes` has it. Faults: StaleMap, BadMap. */
export const clusterSetMap = unary({
  name: 'cluster.setMap',
  version: 1,
  params: nothing,
  result: nothing,
  timeoutMs: 10_000,
})

/**
 * Local door, for the control process: its controllers lead, and have confirmed it; for so long that counts from `saidMs` on, by the
 * clock that both processes have.
 */
export const clusterLeading = unary({
  name: 'cluster.leading',
  version: 1,
  params: shape({ forMs: integer(0, 10_000), saidMs: integer() }),
  result: nothing,
  timeoutMs: 2_000,
})

/** Local door: the files in DATA/node have changed, or are there now. */
export const clusterReload = unary({
  name: 'cluster.reload',
  version: 1,
  params: nothing,
  result: nothing,
  timeoutMs: 10_000,
})

const rowShape = shape({
  name: text(253),
  role: text(20),
  zone: text(63),
  /** Removed and Duplicate are said of this machine alone: it is not let in. */
  state: word('Online', 'Suspect', 'Offline', 'Draining', 'Removed', 'Duplicate'),
  addresses: list(text(300), 16),
  isOwn: flag,
  isConnected: flag,
  disks: integer(),
  capacityMiB: integer(),
  /** Filesystems whose names and attributes no other machine has that is not Offline. */
  filesystemsOnlyHere: list(text(253), HOMES_MAX),
  /** What it has and uses; undefined where it does not say so: on machines without a control plane. */
  load: optional(shape({ cpus: integer(), cpuUsedMilli: integer(), memoryMiB: integer(), memoryUsedMiB: integer() })),
  /** What is wrong with it, as far as it is seen from here. */
  problem: optional(text(1000)),
})

/** A machine as `cairn node ls` shows it. */
export type NodeRow = ShapeOf<typeof rowShape>

/** Local door, for people: the machines of the cloud as this one knows them, in the body; ask with {@link askNodes}. */
export const clusterNodes = unary({
  name: 'cluster.nodes',
  version: 1,
  params: nothing,
  result: shape({ mapVersion: integer() }),
  timeoutMs: 10_000,
})

/** What {@link clusterNodes} answers. */
export interface NodeRows {
  readonly mapVersion: number
  readonly nodes: readonly NodeRow[]
}

/** The answer to {@link clusterNodes}. */
export function nodesMessage({ mapVersion, nodes }: NodeRows): Message<{ readonly mapVersion: number }> {
  return message({ mapVersion }, new TextEncoder().encode(JSON.stringify(nodes)))
}

/** Asks for the machines of the cloud. Faults: those of every call. */
export async function askNodes(client: Client, signal: AbortSignal): Promise<NodeRows> {
  const { head, body } = await client.exchange(clusterNodes, message(undefined), signal)
  return { mapVersion: head.mapVersion, nodes: nodeRows(JSON.parse(new TextDecoder().decode(body)), 'nodes') }
}

const nodeRows = list(rowShape, MACHINES_MAX)
