import { integer, optional, type ShapeOf, shape, text, word } from '#rpc'
import { meshWordsShape } from './words.ts'

/** What supervisor and mesh process tell each other over Node's channel. */
const start = shape({
  dataFolder: text(4096),
  supervisorPid: integer(),
  words: meshWordsShape,
  /** `clean`: removes what a process before has left, and ends. */
  work: word('serve', 'clean'),
})

const fault = shape({
  code: text(100),
  message: text(4096),
  hint: optional(text(4096)),
  retry: word('never', 'later', 'reread'),
  status: integer(0, 999),
})

export type MeshStart = ShapeOf<typeof start>

/** What the supervisor tells. */
export type MeshOrder = ({ readonly kind: 'start' } & MeshStart) | { readonly kind: 'stop' }

/** What the mesh process tells. */
export type MeshToldReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly fault: ShapeOf<typeof fault> }

/** Reads an order. Faults: BadMessage. */
export function readMeshOrder(value: unknown): MeshOrder {
  const { kind } = shape({ kind: word('start', 'stop') })(value, 'order')
  return kind === 'stop' ? { kind } : { kind, ...start(value, kind) }
}

/** Reads a report. Faults: BadMessage. */
export function readMeshReport(value: unknown): MeshToldReport {
  const { kind } = shape({ kind: word('ready', 'failed') })(value, 'report')
  return kind === 'ready' ? { kind } : { kind, fault: shape({ fault })(value, kind).fault }
}
