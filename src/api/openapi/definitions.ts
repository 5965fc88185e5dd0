import { assert } from '#base'
import { definitionName, type JsonObject, kubernetesShape, type ObjectShape, type Resource } from '#schema'
import { subresourcesOf } from '../routes/subresources.ts'
import { type Dialect, type GroupVersionKind, reference } from './dialect.ts'
import { listDefinition, partShape, PATCH_DEFINITION, resourceDefinition, WATCH_EVENT_DEFINITION } from './names.ts'
import { objectSchema, type References } from './schema.ts'
import { RAW_EXTENSION, WELL_KNOWN } from './well-known.ts'

/** A schema that others refer to by its name. */
export type Definition = readonly [name: string, schema: JsonObject]

/** Every definition that the paths of some resources refer to, and what those refer to: each once, as it is made. */
export function* definitionsOf(
  dialect: Dialect,
  resources: readonly Resource[],
  more: { readonly shapes: readonly ObjectShape[]; readonly wellKnown: readonly string[] } = NO_MORE,
): Generator<Definition> {
  const references: References = {
    shapes: new Set(more.shapes),
    wellKnown: new Set([PATCH_DEFINITION, WATCH_EVENT_DEFINITION, ...more.wellKnown]),
  }
  const kinds = kindsOf(resources)
  for (const resource of resources) {
    if (definitionName(resource.shape) === undefined) {
      yield [resourceDefinition(resource), withKinds(dialect, resource.shape, { references, kinds })]
    } else references.shapes.add(resource.shape)
    yield [listDefinition(resource), listSchema(dialect, resource, references)]
  }
  for (const shape of COMMON) references.shapes.add(shape)
  for (const resource of resources) for (const shape of partsOf(resource)) references.shapes.add(shape)
  yield* referred(dialect, references, kinds)
}

/** The definitions of shapes, what they refer to, and of what is told only by its name. */
export function* referred(dialect: Dialect, references: References, kinds: Kinds): Generator<Definition> {
  // The set grows while it is read.
  for (const shape of references.shapes) {
    const name = definitionName(shape)
    assert(name !== undefined, `the shape ${shape.id} has no name`)
    yield [name, withKinds(dialect, shape, { references, kinds })]
  }
  if (references.wellKnown.has(WATCH_EVENT_DEFINITION)) references.wellKnown.add(RAW_EXTENSION)
  for (const name of references.wellKnown) {
    const schema = WELL_KNOWN[name]
    assert(schema !== undefined, `no definition ${name}`)
    yield [name, schema(dialect)]
  }
}

/** The kinds that a shape is the whole of. */
export type Kinds = ReadonlyMap<ObjectShape, readonly GroupVersionKind[]>

const NO_MORE = { shapes: [], wellKnown: [] }
const COMMON = ['V1DeleteOptions', 'V1Status', 'V1APIResourceList'].map(kubernetesShape)

function kindsOf(resources: readonly Resource[]): Kinds {
  const kinds = new Map<ObjectShape, GroupVersionKind[]>()
  const add = (shape: ObjectShape, kind: GroupVersionKind): void => {
    const known = kinds.get(shape) ?? []
    const isKnown = known.some(
      each => each.group === kind.group && each.version === kind.version && each.kind === kind.kind,
    )
    if (!isKnown) kinds.set(shape, [...known, kind])
  }
  for (const resource of resources) {
    const { group, version, kind } = resource
    add(resource.shape, { group, version, kind })
    add(kubernetesShape('V1DeleteOptions'), { group, version, kind: 'DeleteOptions' })
    for (const part of subresourcesOf(resource)) {
      const shape = partShape(resource, part)
      if (shape !== undefined) add(shape, { group: part.group, version: part.version, kind: part.kind })
    }
  }
  add(kubernetesShape('V1Status'), { group: '', version: 'v1', kind: 'Status' })
  return kinds
}

// Those that have a name: of a resource without one, the definition is there already.
function partsOf(resource: Resource): ObjectShape[] {
  return subresourcesOf(resource).flatMap(part => {
    const shape = partShape(resource, part)
    return shape === undefined || definitionName(shape) === undefined ? [] : [shape]
  })
}

function withKinds(
  dialect: Dialect,
  shape: ObjectShape,
  { references, kinds }: { readonly references: References; readonly kinds: Kinds },
): JsonObject {
  const own = kinds.get(shape)
  const schema = objectSchema(dialect, shape, references)
  return own === undefined ? schema : { ...schema, 'x-kubernetes-group-version-kind': own }
}

function listSchema(dialect: Dialect, resource: Resource, references: References): JsonObject {
  const { group, version, kind } = resource
  const meta = kubernetesShape('V1ListMeta')
  references.shapes.add(meta)
  return {
    description: `Objects of kind ${kind}.`,
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: reference(dialect, resourceDefinition(resource)) },
      kind: { type: 'string' },
      metadata: reference(dialect, definitionName(meta) ?? meta.id),
    },
    required: ['items'],
    'x-kubernetes-group-version-kind': [{ group, version, kind: `${kind}List` }],
  }
}
