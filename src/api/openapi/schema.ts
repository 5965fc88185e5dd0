import { assert } from '#base'
import {
  definitionName,
  type JsonObject,
  type ListShape,
  type ObjectShape,
  type PatchStrategy,
  patchStrategy,
  type Shape,
} from '#schema'
import { customSchema } from './custom.ts'
import { type Dialect, reference } from './dialect.ts'
import { SCHEMA_DEPTH_MAX } from './limits.ts'
import { ANY_DEFINITIONS, KEY_DEFAULTS, OBJECT_META, SCALAR_DEFINITIONS } from './well-known.ts'

/** What the schemas of a document refer to, gathered while they are made. */
export interface References {
  /** Shapes that are definitions of their own. */
  readonly shapes: Set<ObjectShape>
  /** Names of definitions in `WELL_KNOWN`. */
  readonly wellKnown: Set<string>
}

/** The schema of an object by its shape (spec.openapis.org/oas/v3.0.3, "Schema Object"). */
export function objectSchema(dialect: Dialect, shape: ObjectShape, references: References): JsonObject {
  return schemaOf({ dialect, references, field: '', depth: 0, strategy: undefined }, shape, true)
}

interface Writing {
  readonly dialect: Dialect
  readonly references: References
  /** The shape and field a value is in, such as `PodSpec.containers`. */
  readonly field: string
  readonly depth: number
  /** What a strategic merge patch does there, where that is not merging. */
  readonly strategy: PatchStrategy | undefined
}

function schemaOf(writing: Writing, shape: Shape, isRoot = false): JsonObject {
  switch (shape.kind) {
    case 'object':
      return isRoot ? ownSchema(writing, shape) : nested(writing, shape)
    case 'list':
      return { type: 'array', items: schemaOf(writing, shape.items), ...listExtensions(shape, writing.strategy) }
    case 'map':
      return {
        type: 'object',
        additionalProperties: schemaOf(writing, shape.values),
        ...(shape.isAtomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      }
    case 'integer':
      return { type: 'integer', format: `int${shape.bits}` }
    case 'bytes':
      return { type: 'string', format: 'byte' }
    case 'number':
      return { type: 'number', format: 'double' }
    case 'any':
      return anySchema(writing)
    case 'string':
    case 'boolean':
      return { type: shape.kind }
    default:
      return wellKnown(writing, SCALAR_DEFINITIONS[shape.kind])
  }
}

// What has a name is referred to, what has none stands where it is.
function nested(writing: Writing, shape: ObjectShape): JsonObject {
  const name = definitionName(shape)
  if (name === undefined) return ownSchema(writing, shape)
  writing.references.shapes.add(shape)
  return reference(writing.dialect, name)
}

function ownSchema(writing: Writing, shape: ObjectShape): JsonObject {
  assert(writing.depth < SCHEMA_DEPTH_MAX, `the shape ${shape.id} holds itself and has no name`)
  if (shape.custom !== undefined) {
    const metadata = schemaOf({ ...writing, field: 'metadata' }, OBJECT_META)
    return customSchema(writing.dialect, shape.custom.openapi, metadata)
  }
  const properties = Array.from(shape.fields, ([name, field]): [string, JsonObject] => {
    const strategy = patchStrategy(shape.name, name)
    const at = { ...writing, field: `${shape.name}.${name}`, depth: writing.depth + 1, strategy }
    return [name, fieldSchema(at, field, shape.descriptions?.get(name))]
  })
  return {
    ...(shape.description === undefined ? {} : { description: shape.description }),
    type: 'object',
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
    ...(shape.required.size === 0 ? {} : { required: [...shape.required] }),
    ...(shape.isAtomic === true ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(shape.keepsUnknown === true ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  }
}

// OpenAPI 3.0 has nothing stand beside a reference, so that there it stands in a list of one.
function fieldSchema(writing: Writing, field: Shape, description: string | undefined): JsonObject {
  const schema = schemaOf(writing, field)
  const value = writing.dialect === 'v3' ? KEY_DEFAULTS[writing.field] : undefined
  const beside = {
    ...(description === undefined ? {} : { description }),
    ...(value === undefined ? {} : { default: value }),
    ...(writing.strategy === undefined || field.kind === 'list'
      ? {}
      : { 'x-kubernetes-patch-strategy': writing.strategy }),
  }
  if (Object.keys(beside).length === 0) return schema
  return writing.dialect === 'v3' && '$ref' in schema ? { ...beside, allOf: [schema] } : { ...schema, ...beside }
}

function anySchema(writing: Writing): JsonObject {
  const name = ANY_DEFINITIONS[writing.field]
  return name === undefined ? { 'x-kubernetes-preserve-unknown-fields': true } : wellKnown(writing, name)
}

function wellKnown({ dialect, references }: Writing, name: string | undefined): JsonObject {
  assert(name !== undefined, 'a scalar without a definition')
  references.wellKnown.add(name)
  return reference(dialect, name)
}

// Lists of objects without facts are atomic; so are those of words, which say so only where they are merged.
function listExtensions({ facts = { type: 'atomic' } }: ListShape, strategy: PatchStrategy | undefined): JsonObject {
  const isMerged = facts.type === 'set' ? facts.isMerged : 'mergeKey' in facts && facts.mergeKey !== undefined
  return {
    'x-kubernetes-list-type': facts.type,
    ...(facts.type === 'map' ? { 'x-kubernetes-list-map-keys': facts.keys } : {}),
    ...(isMerged && facts.type !== 'set' ? { 'x-kubernetes-patch-merge-key': facts.mergeKey } : {}),
    ...(isMerged ? { 'x-kubernetes-patch-strategy': strategy === 'retainKeys' ? 'merge,retainKeys' : 'merge' } : {}),
  }
}
