/**
 * What a field may hold. Shapes come from three places: Kubernetes' own kinds (`shapes/kubernetes.json`), kinds of Cairn
 * (their files in `kinds/`) and custom resources (their structural schema).
 */
export type Shape =
  | ObjectShape
  | { readonly kind: 'list'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
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

/** An object of named fields. */
export interface ObjectShape {
  readonly kind: 'object'
  /** Unique among all shapes, such as `V1PodSpec`. */
  readonly id: string
  /** What people and documents call it, such as `PodSpec`. */
  readonly name: string
  /** By name; made when first asked for, because shapes refer to each other in circles. */
  readonly fields: ReadonlyMap<string, Shape>
  readonly required: ReadonlySet<string>
  /** Where fields are in a protobuf message, by name; empty for kinds that have none. */
  readonly places: ReadonlyMap<string, WirePlace>
}

/** Where a field is in a protobuf message. */
export interface WirePlace {
  /** Its number, behind those of messages that JSON has in line. */
  readonly path: readonly number[]
  /** Sent also when it is empty, which then means that it is not there. */
  readonly isAlwaysSent: boolean
}
