import { download, unary } from '../method.ts'
import { integer, list, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'

const rotationShape = shape({
  step: word('idle', 'waiting', 'sealing'),
  done: integer(),
  all: integer(),
  /** Whom it waits for, or why it failed and is tried again. */
  why: optional(text(1000)),
})

/** How far a change of keys is. */
export type RotationRow = ShapeOf<typeof rotationShape>

/**
 * Changes the data key, or the key that signs tokens: so that older tokens hold until they expire, or so that they hold no more at
 * once. Who leaves ends only his wait. Faults: Busy.
 */
export const keyRotate = download({
  name: 'key.rotate',
  version: 1,
  params: shape({ what: word('data', 'tokens', 'tokens-now') }),
  item: rotationShape,
  result: nothing,
})

/** Replaces the master key; its words are told once. Faults: MasterKey, Busy. */
export const keyReplaceMaster = unary({
  name: 'key.replaceMaster',
  version: 1,
  params: nothing,
  /** `others` are servers that have the one before. */
  result: shape({ file: text(4096), id: text(16), phrase: text(1000), others: list(text(300), 1000) }),
  timeoutMs: 60_000,
})
