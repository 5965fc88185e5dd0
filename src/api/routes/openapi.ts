import { createHash } from 'node:crypto'
import {
  apiVersionOf,
  type JsonObject,
  KUBERNETES_VERSION,
  listFacts,
  type ObjectShape,
  type Resource,
  type Shape,
} from '#schema'
import type { Registry } from '../registry.ts'

/** `/openapi/v3`: where the document of each version is; its URL names its content, so that it may be kept for good. */
export function openapiRoot(registry: Registry): JsonObject {
  const paths = registry.groupVersions.map(({ group, version }) => {
    const path = rootOf(group, version)
    const hash = createHash('sha256')
      .update(JSON.stringify(openapiDocument(registry, group, version)))
      .digest('hex')
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.toUpperCase().slice(0, 64)}` }] as const
  })
  return { paths: Object.fromEntries(paths) }
}

/** `/openapi/v3/api/v1` and `/openapi/v3/apis/GROUP/VERSION` (spec.openapis.org/oas/v3.0.0). */
export function openapiDocument(registry: Registry, group: string, version: string): JsonObject {
  const resources = registry.all.filter(each => each.group === group && each.version === version)
  const schemas = new Map<string, JsonObject>()
  for (const resource of resources) addSchema(schemas, resource.shape, resource)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: KUBERNETES_VERSION },
    paths: Object.fromEntries(resources.flatMap(pathsOf)),
    components: { schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))) },
  }
}

function rootOf(group: string, version: string): string {
  return `${group === '' ? 'api' : 'apis'}/${apiVersionOf(group, version)}`
}

function pathsOf(resource: Resource): (readonly [string, JsonObject])[] {
  const { group, version, plural, isNamespaced } = resource
  const root = `/${rootOf(group, version)}`
  const collection = isNamespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`
  const operation = (action: string, parameters: readonly JsonObject[]): JsonObject => ({
    parameters,
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: reference(resource.shape) } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind: resource.kind },
  })
  return [
    [collection, { get: operation('list', LISTING), post: operation('post', WRITING) }],
    [
      `${collection}/{name}`,
      {
        get: operation('get', []),
        put: operation('put', WRITING),
        patch: operation('patch', PATCHING),
        delete: operation('delete', [parameter('dryRun', 'string'), parameter('propagationPolicy', 'string')]),
      },
    ],
  ]
}

function parameter(name: string, type: string): JsonObject {
  return { name, in: 'query', schema: { type, uniqueItems: true } }
}

const WRITING = [
  parameter('dryRun', 'string'),
  parameter('fieldManager', 'string'),
  parameter('fieldValidation', 'string'),
]
const PATCHING = [...WRITING, parameter('force', 'boolean')]
const LISTING = [
  ...['continue', 'fieldSelector', 'labelSelector', 'resourceVersion'].map(name => parameter(name, 'string')),
  ...['limit', 'timeoutSeconds'].map(name => parameter(name, 'integer')),
  ...['allowWatchBookmarks', 'sendInitialEvents', 'watch'].map(name => parameter(name, 'boolean')),
]

function addSchema(schemas: Map<string, JsonObject>, shape: ObjectShape, resource?: Resource): void {
  if (schemas.has(shape.id)) return
  schemas.set(shape.id, {})
  const properties = Array.from(shape.fields, ([name, field]) => [
    name,
    { ...schemaOf(schemas, field), ...extensions(shape, name, field) },
  ])
  const kinds = resource === undefined ? {} : { 'x-kubernetes-group-version-kind': [kindOf(resource)] }
  const required = shape.required.size === 0 ? {} : { required: [...shape.required] }
  schemas.set(shape.id, { type: 'object', properties: Object.fromEntries(properties), ...required, ...kinds })
}

function kindOf({ group, version, kind }: Resource): JsonObject {
  return { group, version, kind }
}

function schemaOf(schemas: Map<string, JsonObject>, shape: Shape): JsonObject {
  switch (shape.kind) {
    case 'object':
      addSchema(schemas, shape)
      return { allOf: [reference(shape)] }
    case 'list':
      return { type: 'array', items: schemaOf(schemas, shape.items) }
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(schemas, shape.values) }
    case 'integer':
      return { type: 'integer', format: `int${shape.bits}` }
    case 'bytes':
      return { type: 'string', format: 'byte' }
    case 'time':
    case 'micro-time':
      return { type: 'string', format: 'date-time' }
    case 'quantity':
      return { oneOf: [{ type: 'string' }, { type: 'number' }] }
    case 'int-or-string':
      return { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' }
    case 'any':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
    default:
      return { type: shape.kind }
  }
}

function extensions(shape: ObjectShape, name: string, field: Shape): JsonObject {
  if (field.kind !== 'list') return {}
  const facts = listFacts(shape.name, name)
  if (facts.type !== 'map') return { 'x-kubernetes-list-type': facts.type }
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': facts.keys,
    ...(facts.mergeKey === undefined
      ? {}
      : { 'x-kubernetes-patch-merge-key': facts.mergeKey, 'x-kubernetes-patch-strategy': 'merge' }),
  }
}

function reference({ id }: ObjectShape): JsonObject {
  return { $ref: `#/components/schemas/${id}` }
}
