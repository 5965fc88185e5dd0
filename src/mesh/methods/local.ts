import { MACHINES_MAX, meshReportShape, natWord } from '#cluster'
import {
  type Client,
  download,
  flag,
  integer,
  list,
  message,
  nothing,
  optional,
  type ShapeOf,
  shape,
  text,
  unary,
  word,
} from '#rpc'
import { readJsonBody } from './json-body.ts'
import { saidShape } from './meeting.ts'

const rowShape = shape({
  name: text(253),
  address: text(45),
  path: word('this machine', 'direct', 'punched', 'relayed', 'interface', 'none'),
  via: optional(text(253)),
  endpoint: optional(text(64)),
  rttMs: optional(integer()),
  lossPercent: optional(integer(0, 100)),
  /** Of 0 to 100. */
  score: optional(integer(0, 100)),
  nat: optional(natWord),
  handshakeAgoMs: optional(integer()),
  rxBytes: integer(),
  txBytes: integer(),
  /** Bytes a second, of the last seconds. */
  rxPerSecond: optional(integer()),
  txPerSecond: optional(integer()),
})

/** A machine as `cairn mesh` shows it. */
export type MeshRow = ShapeOf<typeof rowShape>

const statusShape = shape({
  provider: word('wireguard', 'interface', 'none'),
  /** Why there is no mesh here, and what to do. */
  problem: optional(text(300)),
  remedy: optional(text(300)),
  interface: optional(text(15)),
  /** `kernel` or `wireguard-go`. */
  engine: optional(text(20)),
  publicKey: optional(text(44)),
  listenPort: optional(integer(0, 65_535)),
  range: optional(text(18)),
  nat: natWord,
  score: optional(integer(0, 100)),
  /** Who is told of names: `resolvectl`, `resolv.conf`, or `none`. */
  names: text(20),
  isRotating: flag,
  machines: list(rowShape, MACHINES_MAX),
})

/** The mesh as this machine has it. */
export type MeshStatus = ShapeOf<typeof statusShape>

/** Local door, for the mesh process: the part of the map it needs, in the body, whenever that or `rotations` has changed. */
export const meshFollow = download({
  name: 'mesh.follow',
  version: 1,
  params: nothing,
  /** Counts how often people wanted other keys, since this storage process began. */
  item: shape({ rotations: integer() }),
  result: nothing,
})

/** What the mesh process tells its storage process in each turn. */
export const turnShape = shape({ report: meshReportShape, said: saidShape, status: statusShape })

export type Turn = ShapeOf<typeof turnShape>

/** Local door, for the mesh process: a turn in the body; what others say is in the answer's. */
export const meshTurn = unary({ name: 'mesh.turn', version: 1, params: nothing, result: nothing, timeoutMs: 10_000 })

/** Local door, for people: the mesh as this machine has it, in the body; ask with {@link askMesh}. */
export const meshStatus = unary({
  name: 'mesh.status',
  version: 1,
  params: nothing,
  result: nothing,
  timeoutMs: 10_000,
})

/** Local door, for people: this machine gets another key. Faults: NoMesh. */
export const meshRotate = unary({
  name: 'mesh.rotate',
  version: 1,
  params: nothing,
  result: nothing,
  timeoutMs: 10_000,
})

/** Asks for the mesh. Faults: those of every call. */
export async function askMesh(client: Client, signal: AbortSignal): Promise<MeshStatus> {
  const { body } = await client.exchange(meshStatus, message(undefined), signal)
  return readJsonBody(body, statusShape)
}
