import { flag, list, optional, type ShapeOf, shape, text, unary, word } from '#rpc'

const URL_MAX = 300
const PEM_CHARACTERS_MAX = 16_384
const SEATS_MAX = 16

const seatAskedShape = shape({
  /** Where its member of the etcd would be reached: `https://HOST:PORT`. */
  clientUrl: text(URL_MAX),
  peerUrl: text(URL_MAX),
  /** True when its member has begun, and has what is written there. */
  hasData: flag,
  /** PKCS #10 in PEM, for the key of its member. */
  csrPem: text(8_192),
})

/** What a controller says that wants its place among those who keep the control plane. */
export type SeatAsked = ShapeOf<typeof seatAskedShape>

const seatShape = shape({
  /** `wait`: ask again; `begin`: run a member; `seated`: it has its vote, and the control plane is there. */
  step: word('wait', 'begin', 'seated'),
  /** What is waited for, for people. */
  why: text(1_000),
  /** All members, this one among them. */
  members: list(shape({ name: text(253), peerUrl: text(URL_MAX) }), SEATS_MAX),
  /** Where members are asked, the caller's own first. */
  endpoints: list(text(URL_MAX), SEATS_MAX),
  certificatePem: optional(text(PEM_CHARACTERS_MAX)),
  authorityPem: optional(text(PEM_CHARACTERS_MAX)),
  /** Certificates of members that hold no more. */
  revokedPem: optional(text(PEM_CHARACTERS_MAX)),
})

/** What it gets. */
export type Seat = ShapeOf<typeof seatShape>

/**
 * A controller asks for its place among the members of the etcd that the control plane is kept in. At the port of machines, from
 * a controller only; at the door of the control process, with the name of who called; at the door of storage, to ask any
 * controller that answers.
 */
export const clusterSeat = unary({
  name: 'cluster.seat',
  version: 1,
  params: shape({ asked: seatAskedShape, caller: optional(text(253)) }),
  result: seatShape,
  timeoutMs: 20_000,
})

/** What the master key is sealed as on its way to a new controller. */
export function masterContext(name: string): string {
  return `the master key for the controller ${name}`
}
