import { unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'

const ROWS_MAX = 10_000

const tokenRowShape = shape({
  id: text(6),
  user: optional(text(253)),
  /** What a machine becomes that shows it; undefined for a token of people. */
  role: optional(word('controller', 'node')),
  /** The only machine it lets in. */
  node: optional(text(253)),
  /** Milliseconds since 1970; undefined: never. */
  expiresMs: optional(integer()),
  isSingleUse: flag,
  description: text(1000),
})

/** A bootstrap token, without its secret. */
export type TokenRow = ShapeOf<typeof tokenRowShape>

const machineTokenShape = shape({
  role: word('controller', 'node'),
  /** The machine it is for: it may take its name back. */
  node: optional(text(253)),
  /** `HOST[:PORT]` at which this machine is tried too, before its own addresses. */
  addresses: list(text(300), 16),
})

/** Makes a bootstrap token; it is told once. Faults: Invalid, Unsupported. */
export const tokenCreate = unary({
  name: 'token.create',
  version: 1,
  params: shape({
    user: optional(text(253)),
    /** For a machine, then it is good for once. */
    machine: optional(machineTokenShape),
    seconds: integer(1, 366 * 86_400),
    isSingleUse: flag,
    description: text(1000),
  }),
  /** `token` is ID.SECRET.FINGERPRINT, for a machine with .ADDRESSES; `url` is where the API is reached. */
  result: shape({
    token: text(2_048),
    row: tokenRowShape,
    url: text(300),
    /** Where a machine that has it will try. */
    addresses: list(text(300), 32),
  }),
  timeoutMs: 10_000,
})

/** Tokens that still hold. */
export const tokenList = unary({
  name: 'token.list',
  version: 1,
  params: nothing,
  result: shape({ tokens: list(tokenRowShape, ROWS_MAX) }),
  timeoutMs: 10_000,
})

/** Makes a token worthless. Faults: NotFound. */
export const tokenRevoke = unary({
  name: 'token.revoke',
  version: 1,
  params: shape({ id: text(6) }),
  result: nothing,
  timeoutMs: 10_000,
})

const certificateRowShape = shape({
  serial: text(64),
  user: text(253),
  groups: list(text(253), 100),
  /** By what it was asked for; empty when that is not known. */
  from: text(400),
  issuedMs: integer(),
  expiresMs: integer(),
  isRevoked: flag,
})

/** A client certificate that was issued and has not expired. */
export type CertificateRow = ShapeOf<typeof certificateRowShape>

/** Client certificates that have not expired. */
export const certificateList = unary({
  name: 'certificate.list',
  version: 1,
  params: nothing,
  result: shape({ certificates: list(certificateRowShape, ROWS_MAX) }),
  timeoutMs: 10_000,
})
