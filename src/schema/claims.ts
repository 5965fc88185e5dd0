import type { FieldError } from './field-error.ts'
import type { KubeObject } from './object.ts'

/** What objects of a kind have that no other object may have at the same time, such as an address. */
export interface Claims {
  /** What an object has. */
  readonly held: (object: KubeObject) => readonly Claim[]
  /** Where an object is still to be given something from: one pool for each thing, in order. */
  readonly wanted: (object: KubeObject) => readonly ClaimPool[]
  /** The object with what it has been given, in the order of `wanted`. */
  readonly given: (object: KubeObject, items: readonly string[]) => KubeObject
}

/** One thing that one object has. */
export interface Claim {
  readonly pool: ClaimPool
  readonly item: string
  /** What somebody is told who asks for it when another has it. */
  readonly taken: FieldError
}

/** Things that are given out, each to one object. */
export interface ClaimPool {
  /** A part of keys, such as `node-ports`. */
  readonly name: string
  readonly size: number
  /** So many of the first are left to those who choose one themselves, until nothing else is left. */
  readonly reserved: number
  /** The thing at a place from 0 on. */
  readonly itemAt: (index: number) => string
  /** What is told when nothing is left. */
  readonly exhausted: string
}
