import { integer, shape, text, unary, word } from '#rpc'
import { nodeMapShape } from '../node-map.ts'

const CSR_CHARACTERS_MAX = 8_192
const PEM_CHARACTERS_MAX = 16_384

/** The only call a machine without a certificate may make: shows a token, gets a certificate. */
export const clusterJoin = unary({
  name: 'cluster.join',
  version: 1,
  params: shape({
    /** `ID.SECRET`. */
    token: text(64),
    /** What it wants to be called; objects are named so. */
    name: text(253),
    /** PKCS #10 in PEM, for its own key: `CN=system:node:NAME`. */
    csrPem: text(CSR_CHARACTERS_MAX),
    /** Formats it understands. */
    level: integer(),
    oldestLevel: integer(),
    wallMs: integer(),
  }),
  result: shape({
    certificatePem: text(PEM_CHARACTERS_MAX),
    authorityPem: text(PEM_CHARACTERS_MAX),
    role: word('controller', 'node'),
    map: nodeMapShape,
  }),
  timeoutMs: 30_000,
})

/** A machine that has a certificate asks for its next one. */
export const clusterRenew = unary({
  name: 'cluster.renew',
  version: 1,
  params: shape({ csrPem: text(CSR_CHARACTERS_MAX) }),
  result: shape({ certificatePem: text(PEM_CHARACTERS_MAX), authorityPem: text(PEM_CHARACTERS_MAX) }),
  timeoutMs: 30_000,
})
