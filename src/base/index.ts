export { AssertionFault, assert, unreachable } from './assert.ts'
export { atMost } from './at-most.ts'
export { type Awaitable, andThen, forAWhile, isLater, OVER, orAborted } from './awaitable.ts'
export type { Brand } from './brand.ts'
export {
  asBuffer,
  type ByteString,
  beU64,
  byteString,
  byteStringOfText,
  bytesOf,
  fillZeros,
  prefixEnd,
  readBeU64,
  textOf,
} from './bytes.ts'
export { inLanes } from './in-lanes.ts'
export { DIGEST_BYTES, type Digest, digestBytes, digestHex, digestOf } from './digest.ts'
export {
  defineFaults,
  Fault,
  type FaultMore,
  type FaultRule,
  isFault,
  isSystemError,
  type Retry,
  whyOf,
} from './fault.ts'
export { compareByteStrings, SortedMap } from './sorted-map.ts'
export { Spares } from './spares.ts'
export { i32, i64, i64big, raw, type Struct, type StructOf, struct, u8, u16, u32, u64, u64big } from './struct.ts'
export { keptTime } from './time.ts'
export { TURN_MS } from './limits.ts'
export { runInSteps, runSteps, type Step, Turns } from './turns.ts'
export type { Clock, Disk, DiskFile, Entropy, Log, OpenMode, World } from './world.ts'
