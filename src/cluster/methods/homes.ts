import { flag, optional, shape, text, unary, word } from '#rpc'
import { filesystemShape } from '../node-map.ts'

const changeFields = {
  filesystem: text(63),
  /** As the caller has seen it. */
  was: optional(filesystemShape),
  /** As it is to be; undefined: there is no such filesystem any more. */
  next: optional(filesystemShape),
  /** People have made the caller the home when no controller answered. */
  isForced: optional(flag),
}

const result = shape({
  /** `stale`: the record is another than the caller has seen; nothing was changed. */
  outcome: word('done', 'stale'),
})

/**
 * From a machine to a controller: changes where a filesystem lives, by compare-and-swap; durable when it is answered. The answer's body
 * is the map as it is then, as `mapBytes` has it. Faults: NotHome, NoController.
 */
export const clusterSetHome = unary({
  name: 'cluster.setHome',
  version: 1,
  params: shape(changeFields),
  result,
  timeoutMs: 10_000,
})

/** The same at the door of the control process: of a machine, for its storage process, or of people, without `caller`. */
export const clusterKeepHome = unary({
  name: 'cluster.keepHome',
  version: 1,
  params: shape({ ...changeFields, caller: optional(text(253)) }),
  result,
  timeoutMs: 10_000,
})
