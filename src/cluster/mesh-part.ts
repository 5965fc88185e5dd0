import { flag, integer, list, optional, type ShapeOf, shape, text, word } from '#rpc'
import { MESH_ADDRESSES_MAX, MESH_ENDPOINTS_MAX } from './limits.ts'

const keyText = text(44)

/** What the router between a machine and the others does with its packets (RFC 3489's words). */
export const natWord = word('none', 'fullCone', 'restrictedCone', 'portRestrictedCone', 'symmetric', 'unknown')

/** See {@link natWord}. */
export type Nat = ShapeOf<typeof natWord>

/** How a machine is on the mesh, as the map has it. */
export const meshPlaceShape = shape({
  /** Base64, of WireGuard; undefined: nobody is reached there by our own WireGuard now. */
  publicKey: optional(keyText),
  /** The key that comes next: others take it beside the other. */
  nextPublicKey: optional(keyText),
  /** What it is called on the mesh: IPv4, then IPv6. */
  addresses: list(text(45), MESH_ADDRESSES_MAX),
  /** `HOST:PORT` at which its WireGuard may be reached, as the machine itself knows. */
  endpoints: list(text(64), MESH_ENDPOINTS_MAX),
})

/** See {@link meshPlaceShape}. */
export type MeshPlace = ShapeOf<typeof meshPlaceShape>

/** Where the mesh of a cloud is. */
export const meshRangesShape = shape({
  /** Of IPv4, such as `10.44.0.0/16`. */
  range: text(18),
  /** Of IPv6, /48, random for each cloud. */
  prefix: text(43),
})

/** See {@link meshRangesShape}. */
export type MeshRanges = ShapeOf<typeof meshRangesShape>

/** What a machine says of its mesh. Little, and in steps: each change may reach every machine. */
export const meshReportShape = shape({
  provider: word('wireguard', 'interface', 'none'),
  /** Why there is none. */
  problem: optional(text(300)),
  publicKey: optional(keyText),
  nextPublicKey: optional(keyText),
  endpoints: list(text(64), MESH_ENDPOINTS_MAX),
  /** With `interface`: what that has. */
  addresses: list(text(45), MESH_ADDRESSES_MAX),
  /** The range that people want; said by controllers. */
  range: optional(text(18)),
  nat: natWord,
  /** Of 0 to 1, in tenths. */
  scoreTenths: integer(0, 10),
  /** Machines reached directly and through another. */
  direct: integer(),
  relayed: integer(),
  canRelay: flag,
})

/** See {@link meshReportShape}. */
export type MeshReport = ShapeOf<typeof meshReportShape>
