import { unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text } from '../shape.ts'

const ROWS_MAX = 10_000

const tokenRowShape = shape({
  id: text(6),
  user: optional(text(253)),
  /** Milliseconds since 1970; undefined: never. */
  expiresMs: optional(integer()),
  isSingleUse: flag,
  description: text(1000),
})

/** A bootstrap token, without its secret. */
export type TokenRow = ShapeOf<typeof tokenRowShape>

/** Makes a bootstrap token; it is told once. Faults: Invalid. */
export const tokenCreate = unary({
  name: 'token.create',
  version: 1,
  params: shape({
    user: optional(text(253)),
    seconds: integer(1, 366 * 86_400),
    isSingleUse: flag,
    description: text(1000),
  }),
  /** `token` is ID.SECRET.FINGERPRINT; `url` is where the API is reached. */
  result: shape({ token: text(100), row: tokenRowShape, url: text(300) }),
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
