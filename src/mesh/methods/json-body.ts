import type { Shape } from '#rpc'
import { meshFault } from '../faults.ts'

/** A value as a body: JSON, since what is said of many machines fits no head. */
export function jsonBody(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

/** Reads a body of {@link jsonBody}. Faults: BadMeshMessage. */
export function readJsonBody<Value>(bytes: Uint8Array, shape: Shape<Value>): Value {
  try {
    return shape(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'mesh')
  } catch (error) {
    throw meshFault('BadMeshMessage', 'this is nothing that is said of a mesh', { cause: error })
  }
}
