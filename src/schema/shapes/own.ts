import type { ObjectShape, Shape } from '../shape.ts'
import { kubernetesShape } from './read.ts'

/** A field of a kind of Cairn's own: what it may hold, and what it is for, as `kubectl explain` tells. */
export interface OwnField {
  readonly shape: Shape
  readonly description: string
  readonly isRequired?: boolean
}

/** A part of a kind of Cairn's own; `id` is unique among all shapes, such as `cairn.Filesystem.spec`. */
export function ownPart(id: string, description: string, fields: Readonly<Record<string, OwnField>>): ObjectShape {
  const entries = Object.entries(fields)
  return {
    kind: 'object',
    id,
    name: id.split('.').slice(-2).join(''),
    description,
    fields: new Map(entries.map(([name, field]) => [name, field.shape])),
    descriptions: new Map(entries.map(([name, field]) => [name, field.description])),
    required: new Set(entries.flatMap(([name, field]) => (field.isRequired === true ? [name] : []))),
    places: new Map(),
  }
}

/** A kind of Cairn's own: what every object has, and its parts. */
export function ownKind(id: string, description: string, parts: Readonly<Record<string, OwnField>>): ObjectShape {
  return {
    ...ownPart(id, description, {
      apiVersion: text('The group and version of the kind, such as cairn.dev/v1.'),
      kind: text('The name of the kind.'),
      metadata: {
        shape: kubernetesShape('V1ObjectMeta'),
        description: 'Name, labels, and what the API keeps of every object.',
      },
      ...parts,
    }),
    name: id.split('.').at(-1) ?? id,
  }
}

/** A field of text. */
export function text(description: string): OwnField {
  return { shape: { kind: 'string' }, description }
}

/** A field that is true or false. */
export function flag(description: string): OwnField {
  return { shape: { kind: 'boolean' }, description }
}

/** A field with a whole number. */
export function integer(description: string): OwnField {
  return { shape: { kind: 'integer', bits: 64 }, description }
}

/** A field with an amount, such as 10Gi. */
export function amount(description: string): OwnField {
  return { shape: { kind: 'quantity' }, description }
}

/** A field with a time of RFC 3339. */
export function time(description: string): OwnField {
  return { shape: { kind: 'time' }, description }
}

/** A field with bytes, as base64. */
export function bytes(description: string): OwnField {
  return { shape: { kind: 'bytes' }, description }
}

/** A field with a part of its own. */
export function part(shape: ObjectShape, description: string): OwnField {
  return { shape, description }
}

/** A field with texts by name. */
export function words(description: string): OwnField {
  return { shape: { kind: 'map', values: { kind: 'string' } }, description }
}

/** A field with a list that is one value. */
export function list(items: Shape, description: string): OwnField {
  return { shape: { kind: 'list', items, facts: { type: 'atomic' } }, description }
}

/** A field with a list of objects, one for each value of `key`. */
export function listBy(key: string, items: ObjectShape, description: string): OwnField {
  return { shape: { kind: 'list', items, facts: { type: 'map', keys: [key], mergeKey: key } }, description }
}

/** A field that must be there. */
export function needed(field: OwnField): OwnField {
  return { ...field, isRequired: true }
}

/** The field of a status that tells what holds and since when, one item for each type. */
export const conditions: OwnField = listBy(
  'type',
  kubernetesShape('V1Condition'),
  'What holds of the object, and since when; one for each type.',
)
