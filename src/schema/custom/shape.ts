import type { JsonObject } from '../json.ts'
import type { ObjectShape, Shape } from '../shape.ts'
import { kubernetesShape } from '../shapes/read.ts'
import type { SchemaNode } from './node.ts'
import { prune } from './prune.ts'

/** The shape of a custom resource, for whoever merges, applies or documents its objects; `id` is its group, version and kind. */
export function shapeOfSchema(
  root: SchemaNode,
  { id, kind, openapi }: { readonly id: string; readonly kind: string; readonly openapi: JsonObject },
): ObjectShape {
  return {
    ...objectShape(root, id, kind),
    custom: { decode: value => prune(root, value), openapi },
  }
}

function objectShape(node: SchemaNode, id: string, name: string, isRoot = true): ObjectShape {
  let fields: ReadonlyMap<string, Shape> | undefined
  const shape: ObjectShape = {
    kind: 'object',
    id,
    name,
    required: new Set(node.limits.required),
    places: new Map(),
    isAtomic: node.isAtomicMap,
    keepsUnknown: node.keepsUnknown,
    get fields() {
      fields ??= new Map([
        ...Array.from(node.properties, ([field, inner]) => [field, shapeOf(inner, `${id}.${field}`)] as const),
        ...(isRoot || node.isEmbedded ? RESOURCE_FIELDS() : []),
      ])
      return fields
    },
  }
  return shape
}

function shapeOf(node: SchemaNode, id: string): Shape {
  if (node.isIntOrString) return { kind: 'int-or-string' }
  switch (node.type) {
    case 'array':
      return { kind: 'list', items: node.items === undefined ? ANY : shapeOf(node.items, `${id}[]`), facts: node.list }
    case 'boolean':
    case 'number':
    case 'string':
      return { kind: node.type }
    case 'integer':
      return { kind: 'integer', bits: 64 }
    case 'object':
      if (typeof node.additional === 'object') {
        return { kind: 'map', values: shapeOf(node.additional, `${id}{}`), isAtomic: node.isAtomicMap }
      }
      if (node.additional === true) return { kind: 'map', values: ANY, isAtomic: node.isAtomicMap }
      return objectShape(node, id, id, false)
    case undefined:
      return ANY
  }
}

const ANY: Shape = { kind: 'any' }
const RESOURCE_FIELDS = (): readonly (readonly [string, Shape])[] => [
  ['apiVersion', { kind: 'string' }],
  ['kind', { kind: 'string' }],
  ['metadata', kubernetesShape('V1ObjectMeta')],
]
