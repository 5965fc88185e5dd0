import type { Decoded } from './decode.ts'
import type { ListFacts } from './facts/lists.ts'
import type { JsonObject } from './json.ts'

/**
 * What a field may hold. Shapes come from three places: Kubernetes' own kinds (`shapes/kubernetes.json`), kinds of Cairn
 * (their files in `kinds/`) and custom resources (their structural schema).
 */
export type Shape =
  | ObjectShape
  | ListShape
  | MapShape
  | { readonly kind: 'integer'; readonly bits: 32 | 64 }
  | { readonly kind: ScalarKind }

/** `time`: RFC 3339, to the second or finer. `quantity`: text or a number, as Kubernetes' resource.Quantity. */
export type ScalarKind =
  | 'any'
  | 'boolean'
  | 'bytes'
  | 'int-or-string'
  | 'number'
  | 'quantity'
  | 'string'
  | 'time'
  | 'micro-time'

/** A list; how its items are told from each other says who owns them, and how they are merged. */
export interface ListShape {
  readonly kind: 'list'
  readonly items: Shape
  /** One value, owned and replaced as a whole, when undefined. */
  readonly facts?: ListFacts | undefined
}

/** Values by any key. */
export interface MapShape {
  readonly kind: 'map'
  readonly values: Shape
  /** Owned and replaced as one value. */
  readonly isAtomic?: boolean | undefined
}

/** An object of named fields. */
export interface ObjectShape {
  readonly kind: 'object'
  /** Owned and replaced as one value. */
  readonly isAtomic?: boolean | undefined
  /** Unique among all shapes, such as `V1PodSpec`. */
  readonly id: string
  /** What people and documents call it, such as `PodSpec`. */
  readonly name: string
  /** What it is, in a sentence or two, as `kubectl explain` shows it. */
  readonly description?: string | undefined
  /** What its fields are, by name. */
  readonly descriptions?: ReadonlyMap<string, string> | undefined
  /** By name; made when first asked for, because shapes refer to each other in circles. */
  readonly fields: ReadonlyMap<string, Shape>
  readonly required: ReadonlySet<string>
  /** Where fields are in a protobuf message, by name; empty for kinds that have none. */
  readonly places: ReadonlyMap<string, WirePlace>
  /** Fields it does not know are kept as they are. */
  readonly keepsUnknown?: boolean | undefined
  /** Set at the root of a custom resource, whose schema decides instead of the rules of `decode`. */
  readonly custom?: CustomReading | undefined
}

/** What the schema of a custom resource has beside the shapes of its fields. */
export interface CustomReading {
  /** Reads an object: what the schema does not know is left out, values of another type are left for validation. */
  readonly decode: (value: JsonObject) => Decoded
  /** The schema as OpenAPI v3 has it, with every description: what documents show. */
  readonly openapi: JsonObject
}

/** Where a field is in a protobuf message. */
export interface WirePlace {
  /** Its number, behind those of messages that JSON has in line. */
  readonly path: readonly number[]
  /** Sent also when it is empty, which then means that it is not there. */
  readonly isAlwaysSent: boolean
}
