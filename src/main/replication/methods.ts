import { flag, integer, list, nothing, optional, type Shape, shape, text, unary, upload } from '#rpc'
import { LACKS_MAX, type MapFilesystem } from '#cluster'

const filesystem = text(63)
const ofHome = { filesystem, epoch: integer(1) }

const epochs = list(shape({ epoch: integer(), boot: text(100), first: integer() }), 64)

const reach = shape({
  epochs,
  last: integer(),
  durable: integer(),
  isWhole: flag,
})

const append = { ...ofHome, from: integer(1), crc: integer(), syncTo: integer() }

/** How far the callee's standby is. Faults: OldEpoch, HomeUnknown. */
export const logReach = unary({
  name: 'log.reach',
  version: 1,
  params: shape(ofHome),
  result: reach,
  timeoutMs: 30_000,
})

/** The records that come next, in the body; what is durable then. Faults: OldEpoch, HomeUnknown, Gap, RecordDamaged, DiskFull, DiskFailed. */
export const logAppend = unary({
  name: 'log.append',
  version: 1,
  params: shape(append),
  result: shape({ durable: integer() }),
  timeoutMs: 10_000,
})

/** The same of records that fit no body: in the items' bodies. */
export const logAppendLarge = upload({
  name: 'log.appendLarge',
  version: 1,
  params: shape({ ...append, bytes: integer() }),
  item: nothing,
  result: shape({ durable: integer() }),
  timeoutMs: 60_000,
})

/** The checkpoint that the callee's standby becomes, in the items' bodies. Faults: OldEpoch, HomeUnknown, RecordDamaged, DiskFull, DiskFailed. */
export const logFill = upload({
  name: 'log.fill',
  version: 1,
  params: shape(ofHome),
  item: nothing,
  result: reach,
  timeoutMs: 3_600_000,
})

// The record of the map, as `cluster` checks it.
const record: Shape<MapFilesystem> = shape({
  name: filesystem,
  home: text(253),
  epoch: integer(1),
  inSync: list(text(253), 16),
})

/**
 * Where filesystems live by what no controller has agreed on yet, told and asked by machines among themselves; and whose log the callee has
 * not although it counts. Versions of Cairn before that do not say.
 */
export const logHomes = unary({
  name: 'log.homes',
  version: 1,
  params: shape({ records: list(record, 64) }),
  result: shape({ records: list(record, 64), lacks: optional(list(filesystem, LACKS_MAX)) }),
  timeoutMs: 5_000,
})

/** Whether the callee, which is the home, has all of a log, and up to which revision it has the same. Faults: HomeUnknown. */
export const logCompare = unary({
  name: 'log.compare',
  version: 1,
  params: shape({ ...ofHome, epochs, last: integer() }),
  result: shape({ isPrefix: flag, common: optional(integer()) }),
  timeoutMs: 10_000,
})

/** What an earlier home had that the callee, which is the home, has not, as a snapshot. Faults: OldEpoch, those of the filesystem. */
export const logKeep = unary({
  name: 'log.keep',
  version: 1,
  params: shape({ ...ofHome, name: text(255), root: text(64), rootBytes: integer() }),
  result: nothing,
  timeoutMs: 30_000,
})
