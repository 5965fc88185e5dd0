import { exactly, flag, integer, list, optional, type ShapeOf, shape, text, word } from '#rpc'
import { SILENT_MAX } from './limits.ts'
import { meshWordsShape } from './mesh/words.ts'

/**
 * What supervisor and storage process tell each other over Node's channel. Both come from the same program; the shapes
 * are for two versions meeting during an upgrade.
 */
const faultShape = shape({
  code: text(100),
  message: text(4096),
  hint: optional(text(4096)),
  retry: word('never', 'later', 'reread'),
  status: integer(0, 999),
})

/** What kernel and storage process agreed on a mount (`fuse_init_out`): a later process needs it to go on. */
const negotiatedShape = shape({ version: exactly(1), minor: integer(), flags: integer(), flags2: integer() })

export type Negotiated = ShapeOf<typeof negotiatedShape>

const heldMountShape = shape({
  filesystem: text(63),
  path: text(4096),
  /** The descriptor in the storage process. */
  fd: integer(4, 1000),
  /** True when a storage process before this one served it. */
  resumed: flag,
  negotiated: optional(negotiatedShape),
})

/** A mount whose descriptor the storage process inherits. */
export type HeldMount = ShapeOf<typeof heldMountShape>

type FaultRow = ShapeOf<typeof faultShape>

const start = shape({
  dataFolder: text(4096),
  supervisorPid: integer(),
  /** How long the supervisor has run: storage processes come and go. */
  supervisedMs: integer(),
  mounts: list(heldMountShape, 64),
  /** True when Cairn was started to mount nothing. */
  mountsNothing: flag,
  /** Where other machines are listened for, as `--peer-listen` has it; '' is everywhere. */
  peerListen: text(300),
  /** True when a controller answers machines of the same network that look for one. */
  isDiscoverable: flag,
  mesh: meshWordsShape,
  /** Storage processes before this one that died, and how the last of them did. */
  restarts: shape({ count: integer(), last: optional(text(200)) }),
  /** Machines that the storage process before this one did not hear when another was to take over. */
  silent: list(text(253), SILENT_MAX),
})
/** `path` is where it was done, the real path of what was asked. */
const answer = shape({ id: integer(), path: optional(text(4096)), fault: optional(faultShape) })
const mount = shape({ id: integer(), filesystem: text(63), path: text(4096), isMoved: flag })
const unmount = shape({ id: integer(), path: text(4096) })
const serving = shape({ path: text(4096), negotiated: negotiatedShape })

const company = shape({ isAlone: flag })
const again = shape({ silent: list(text(253), SILENT_MAX) })

export type Start = ShapeOf<typeof start>

/** What the supervisor tells. */
export type Order =
  | ({ readonly kind: 'start' } & Start)
  | ({ readonly kind: 'answer' } & ShapeOf<typeof answer>)
  | { readonly kind: 'stop' }

/** What the storage process tells. `serving` once the handshake on a mount is done; `ready` when all doors are open. */
export type Report =
  | ({ readonly kind: 'serving' } & ShapeOf<typeof serving>)
  | { readonly kind: 'ready' }
  /** Whether this machine is in a cloud of several. */
  | ({ readonly kind: 'company' } & ShapeOf<typeof company>)
  | { readonly kind: 'failed'; readonly fault: FaultRow }
  | { readonly kind: 'down' }
  /** Another storage process is to take over: this one is to be something else. */
  | ({ readonly kind: 'again' } & ShapeOf<typeof again>)
  | ({ readonly kind: 'mount' } & ShapeOf<typeof mount>)
  | ({ readonly kind: 'unmount' } & ShapeOf<typeof unmount>)

const orderKind = shape({ kind: word('start', 'answer', 'stop') })
const reportKind = shape({ kind: word('serving', 'ready', 'company', 'failed', 'down', 'again', 'mount', 'unmount') })

/** Reads an order. Faults: BadMessage. */
export function readOrder(value: unknown): Order {
  const { kind } = orderKind(value, 'order')
  if (kind === 'start') return { kind, ...start(value, kind) }
  if (kind === 'answer') return { kind, ...answer(value, kind) }
  return { kind }
}

/** Reads a report. Faults: BadMessage. */
export function readReport(value: unknown): Report {
  const { kind } = reportKind(value, 'report')
  switch (kind) {
    case 'serving':
      return { kind, ...serving(value, kind) }
    case 'company':
      return { kind, ...company(value, kind) }
    case 'again':
      return { kind, ...again(value, kind) }
    case 'failed':
      return { kind, fault: shape({ fault: faultShape })(value, kind).fault }
    case 'mount':
      return { kind, ...mount(value, kind) }
    case 'unmount':
      return { kind, ...unmount(value, kind) }
    default:
      return { kind }
  }
}
