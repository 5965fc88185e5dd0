import { unary } from '../method.ts'
import { flag, integer, list, nothing, optional, type ShapeOf, shape, text } from '../shape.ts'
import { checkRowShape } from './node.ts'

const GROUPS_MAX = 100

const controlStatusShape = shape({
  pid: integer(),
  url: text(300),
  uptimeMs: integer(),
  checks: list(checkRowShape, 50),
  /** What is being done to the keys of the cloud, for people; undefined when nothing is. */
  keys: optional(text(1000)),
  /** Why this controller stands by, while another works; then there is no API here. */
  standby: optional(text(1000)),
})

/** The control process at a glance. */
export type ControlStatus = ShapeOf<typeof controlStatusShape>

/** Where the API is, and what is right and wrong about it. */
export const controlStatus = unary({
  name: 'control.status',
  version: 1,
  params: nothing,
  result: controlStatusShape,
  timeoutMs: 10_000,
})

/** Signs a client certificate for a user whose key stays with who asks: P-256, SubjectPublicKeyInfo in PEM. */
export const certificateSign = unary({
  name: 'certificate.sign',
  version: 1,
  params: shape({
    user: text(253),
    groups: list(text(253), GROUPS_MAX),
    publicKeyPem: text(4096),
    days: integer(1, 3650),
  }),
  result: shape({ certificatePem: text(16_384), authorityPem: text(16_384), url: text(300), serial: text(64) }),
  timeoutMs: 10_000,
})

/** Revokes a certificate by its serial in hexadecimal: connections that show it are cut. */
export const certificateRevoke = unary({
  name: 'certificate.revoke',
  version: 1,
  params: shape({ serial: text(64), why: text(1000) }),
  /** Whose it was, when it is known, and whether he might do everything with it. */
  result: shape({ user: optional(text(253)), isMaster: flag }),
  timeoutMs: 10_000,
})
