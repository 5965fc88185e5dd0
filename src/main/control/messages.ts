import { exactly, flag, integer, optional, type ShapeOf, shape, text, word } from '#rpc'

/** What supervisor and control process tell each other over Node's channel. */
const start = shape({
  dataFolder: text(4096),
  supervisorPid: integer(),
  /** Where the API listens; port 0: any that is free. */
  host: text(255),
  port: integer(0, 65_535),
  masterKeyFile: text(4096),
  /** What people want this machine to be called in its cloud, at its first start. */
  nodeName: optional(text(253)),
  requiresClientCertificate: flag,
  /** Control processes before this one that died, and how the last of them did. */
  restarts: shape({ count: integer(), last: optional(text(200)) }),
})

const ready = shape({
  url: text(300),
  /** The words that bring the master key back, when it was made just now. */
  recoveryPhrase: optional(text(1000)),
})

const fault = shape({
  code: text(100),
  message: text(4096),
  hint: optional(text(4096)),
  retry: word('never', 'later', 'reread'),
  status: integer(0, 999),
})

export type ControlStart = ShapeOf<typeof start>
/** What is told when the API answers. */
export type ControlReady = ShapeOf<typeof ready>

/** What the supervisor tells. */
export type ControlOrder = ({ readonly kind: 'start' } & ControlStart) | { readonly kind: 'stop' }

/** What the control process tells. `standby`: it runs and waits, and why there is no API yet. */
export type ControlReport =
  | ({ readonly kind: 'ready' } & ControlReady)
  | { readonly kind: 'failed' | 'standby'; readonly fault: ShapeOf<typeof fault> }
  /** The supervisor is to look what etcd it runs. */
  | { readonly kind: 'etcd' }

/** Reads an order. Faults: BadMessage. */
export function readControlOrder(value: unknown): ControlOrder {
  const { kind } = shape({ kind: word('start', 'stop') })(value, 'order')
  return kind === 'stop' ? { kind } : { kind, ...start(value, kind) }
}

/** Reads a report. Faults: BadMessage. */
export function readControlReport(value: unknown): ControlReport {
  const { kind } = shape({ kind: word('ready', 'failed', 'standby', 'etcd') })(value, 'report')
  if (kind === 'ready') return { kind, ...ready(value, kind) }
  if (kind === 'etcd') return { kind }
  return { kind, fault: shape({ kind: exactly(kind), fault })(value, kind).fault }
}
