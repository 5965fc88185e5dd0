export { allocate, type MeshCandidate, type MeshPlan } from './allocate.ts'
export { meshFault } from './faults.ts'
export {
  ECHO_MS,
  ECHO_PORT,
  KEPT_OPEN_MAX,
  MEASURE_MS,
  MEASURE_SOON_MS,
  MEASURED_MAX,
  SESSION_SECONDS,
  TOLD_MAX,
  WIREGUARD_PORT,
} from './limits.ts'
export { jsonBody, readJsonBody } from './methods/json-body.ts'
export {
  askMesh,
  meshFollow,
  type MeshRow,
  meshRotate,
  meshStatus,
  type MeshStatus,
  meshTurn,
  type Turn,
  turnShape,
} from './methods/local.ts'
export { type Heard, heardShape, meshMeet, type OtherSaid, type Path, type Said, saidShape } from './methods/meeting.ts'
export { type MeshMachine, type MeshMap, meshMapOf, meshMapShape } from './methods/mesh-map.ts'
export { answerName, zonesOf } from './names/answer.ts'
export { withNameServer, withoutNameServer } from './names/resolv-conf.ts'
export { type Echoes, isInDoubt, lossPercentOf, NO_ECHOES, rttOf, withEcho } from './paths/echoes.ts'
export { candidatesOf, hostOf, kindOf, type Networks } from './paths/endpoints.ts'
export { Meetings } from './paths/meetings.ts'
export { natOf } from './paths/nat.ts'
export { scoreOf, steadyTenths } from './paths/score.ts'
export { followDirect, newWay, nextTrial, nextWay, pathOf, type Relay, rttOver, type Way } from './paths/way.ts'
export { addressesAt, directAddressOf, isIn, overlaps, type Range, rangeOf } from './ranges.ts'
export { peerChanges, type WantedPeer } from './wireguard/changes.ts'
export { keyInUse, type PeerWish, wantedPeers } from './wireguard/peers.ts'
export { readWireguard, type WireguardPeer, type WireguardState } from './wireguard/state.ts'
