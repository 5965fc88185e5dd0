import { flag, integer, list, optional, type ShapeOf, shape, text, unary, word } from '#rpc'
import { diskId } from '../disk-id.ts'
import { meshReportShape } from '../mesh-part.ts'
import { ADDRESSES_MAX, DISK_MIB_MAX, DISKS_MAX, LACKS_MAX } from '../limits.ts'

const diskReportShape = shape({
  id: diskId,
  path: text(4096),
  state: word('Ready', 'Full', 'Missing', 'Failing'),
  capacityMiB: integer(0, DISK_MIB_MAX),
  usedMiB: integer(0, DISK_MIB_MAX),
  freeMiB: integer(0, DISK_MIB_MAX),
  chunks: integer(),
  /** Chunks of it that were found damaged and not yet put right. */
  damaged: integer(),
  /** Wall time of the machine when all of it was read and verified last, milliseconds since 1970. */
  scrubbedMs: optional(integer()),
  /** True while people have it emptied. */
  isDraining: optional(flag),
  /** True when no copies shall lie on it any more: it is drained, fails, or has been missing for long. */
  isLeaving: optional(flag),
  /** Why it is as it is, for people; without figures that change. */
  message: optional(text(1000)),
})

/** What a machine says of one of its disks. */
export type DiskReport = ShapeOf<typeof diskReportShape>

/** What a machine says of itself. It is sent when it has changed, and in the first heartbeat to somebody. */
export const machineReportShape = shape({
  software: text(100),
  /** The newest formats it understands. */
  level: integer(),
  zone: text(63),
  addresses: list(text(300), ADDRESSES_MAX),
  architecture: text(32),
  kernel: text(200),
  os: text(200),
  cpus: integer(),
  memoryMiB: integer(),
  disks: list(diskReportShape, DISKS_MAX),
  /** A machine of a lab: `node rm` takes it away with everything. */
  lab: optional(text(63)),
  mesh: optional(meshReportShape),
})

export type MachineReport = ShapeOf<typeof machineReportShape>

/** What a machine uses at the moment. */
export const loadShape = shape({
  /** In thousandths of a processor. */
  cpuUsedMilli: integer(),
  memoryUsedMiB: integer(),
})

export type MachineLoad = ShapeOf<typeof loadShape>

/** Every BEAT_MS, from each machine to each controller. */
export const clusterBeat = unary({
  name: 'cluster.beat',
  version: 1,
  params: shape({
    /** New with each start of its storage process. */
    boot: text(32),
    mapVersion: integer(),
    /** Wall time of the machine, milliseconds since 1970. */
    wallMs: integer(),
    report: optional(machineReportShape),
    /** As it was measured last; nobody keeps it, or writes anything because of it. */
    load: optional(loadShape),
    /** Filesystems whose log the map says that it has, and has not. Versions of Cairn before that do not say. */
    lacks: optional(list(text(63), LACKS_MAX)),
    /** Where another machine is that shows the name of who is asked, and is not let in. */
    duplicate: optional(text(300)),
  }),
  result: shape({
    mapVersion: integer(),
    wallMs: integer(),
    /** How the controller sees the caller: the address its connection comes from. */
    seenFrom: text(300),
    /** True when the controller has no report of this boot: the next heartbeat brings it. */
    wantsReport: word('yes', 'no'),
    /** True when the controllers of the callee lead, as they have just confirmed. */
    isLeading: optional(flag),
    /** Where another machine is that shows the name of the caller, and is not let in. */
    duplicate: optional(text(300)),
  }),
  timeoutMs: 5_000,
})

/**
 * The map as the callee has it: the answer's body, as `mapBytes` has it. Who names the version that it has may be answered with what
 * changed `since` instead, as `changeBytes` has it; versions of Cairn before that take no notice and answer the whole.
 */
export const clusterMap = unary({
  name: 'cluster.map',
  version: 1,
  params: optional(shape({ since: integer() })),
  result: optional(shape({ since: optional(integer()) })),
  timeoutMs: 10_000,
})
