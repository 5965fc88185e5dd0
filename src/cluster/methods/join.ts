import { integer, optional, type ShapeOf, shape, text, unary, word } from '#rpc'

const CSR_CHARACTERS_MAX = 8_192
const PEM_CHARACTERS_MAX = 16_384

/** What a machine says of itself that wants to be let in. */
export const newcomerFields = {
  /** What it wants to be called; objects are named so. */
  name: text(253),
  /** PKCS #10 in PEM, for its own key: `CN=system:node:NAME`. */
  csrPem: text(CSR_CHARACTERS_MAX),
  /** Formats it understands. */
  level: integer(),
  oldestLevel: integer(),
  wallMs: integer(),
}

/** What a machine shows to be let in. */
export const joinParamsShape = shape({
  /** `ID.SECRET`. */
  token: text(64),
  ...newcomerFields,
  /** The id of the master key that is on the disk of one that is to be a controller. */
  masterId: optional(text(64)),
})

export type JoinParams = ShapeOf<typeof joinParamsShape>

/** What it gets. */
export const joinResultShape = shape({
  certificatePem: text(PEM_CHARACTERS_MAX),
  authorityPem: text(PEM_CHARACTERS_MAX),
  role: word('controller', 'node'),
  /** For a controller: the master key, sealed for the key that it has shown, as `masterContext`. */
  sealedMaster: optional(text(1_000)),
})

export type JoinResult = ShapeOf<typeof joinResultShape>

/** What a machine shows for its next certificate. */
export const renewParamsShape = shape({ csrPem: text(CSR_CHARACTERS_MAX) })

export type RenewParams = ShapeOf<typeof renewParamsShape>

/** The only call a machine without a certificate may make: shows a token, gets a certificate; the answer's body is the map. */
export const clusterJoin = unary({
  name: 'cluster.join',
  version: 1,
  params: joinParamsShape,
  result: joinResultShape,
  timeoutMs: 30_000,
})

/** A machine that has a certificate asks for its next one. */
export const clusterRenew = unary({
  name: 'cluster.renew',
  version: 1,
  params: renewParamsShape,
  result: joinResultShape,
  timeoutMs: 30_000,
})
