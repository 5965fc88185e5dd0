import { type JsonObject, kubernetesShape, type ScalarKind } from '#schema'
import { type Dialect, reference } from './dialect.ts'
import { PATCH_DEFINITION, VERSION_DEFINITION, WATCH_EVENT_DEFINITION } from './names.ts'

const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'
/** Any object. */
export const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension'
const VERSION_FIELDS = [
  'major',
  'minor',
  'gitVersion',
  'gitCommit',
  'gitTreeState',
  'buildDate',
  'goVersion',
  'compiler',
  'platform',
]

/** Definitions that stand for one value, and are told from others only by their name. */
export const WELL_KNOWN: Readonly<Record<string, (dialect: Dialect) => JsonObject>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': () => ({ type: 'string', format: 'date-time' }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': () => ({ type: 'string', format: 'date-time' }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': () => ({ type: 'object' }),
  [PATCH_DEFINITION]: () => ({ type: 'object' }),
  [WATCH_EVENT_DEFINITION]: dialect => ({
    type: 'object',
    properties: { type: { type: 'string' }, object: reference(dialect, RAW_EXTENSION) },
    required: ['type', 'object'],
  }),
  [RAW_EXTENSION]: () => ({ type: 'object' }),
  'io.k8s.apimachinery.pkg.api.resource.Quantity': dialect =>
    dialect === 'v3' ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { type: 'string' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': dialect =>
    dialect === 'v3'
      ? { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] }
      : { type: 'string', format: 'int-or-string' },
  [VERSION_DEFINITION]: () => ({
    type: 'object',
    properties: Object.fromEntries(VERSION_FIELDS.map(name => [name, { type: 'string' }])),
    required: VERSION_FIELDS,
  }),
  [`${EXTENSIONS}.JSON`]: () => ({}),
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: () => ({}),
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: () => ({}),
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: () => ({}),
  [`${EXTENSIONS}.CustomResourceSubresourceStatus`]: () => ({ type: 'object' }),
}

/** The definition that a scalar is, for those that are. */
export const SCALAR_DEFINITIONS: Partial<Readonly<Record<ScalarKind, string>>> = {
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'micro-time': 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
}

/** The definition of a field that may hold anything, by the shape and field it is in. */
export const ANY_DEFINITIONS: Readonly<Record<string, string>> = {
  'ManagedFieldsEntry.fieldsV1': 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
  'ControllerRevision.data': RAW_EXTENSION,
  'CustomResourceSubresources.status': `${EXTENSIONS}.CustomResourceSubresourceStatus`,
  'JSONSchemaProps.additionalItems': `${EXTENSIONS}.JSONSchemaPropsOrBool`,
  'JSONSchemaProps.additionalProperties': `${EXTENSIONS}.JSONSchemaPropsOrBool`,
  'JSONSchemaProps.default': `${EXTENSIONS}.JSON`,
  'JSONSchemaProps.dependencies': `${EXTENSIONS}.JSONSchemaPropsOrStringArray`,
  'JSONSchemaProps.enum': `${EXTENSIONS}.JSON`,
  'JSONSchemaProps.example': `${EXTENSIONS}.JSON`,
  'JSONSchemaProps.items': `${EXTENSIONS}.JSONSchemaPropsOrArray`,
}

/** The metadata of every object. */
export const OBJECT_META = kubernetesShape('V1ObjectMeta')

/** What fields are that may be left out, though items of a list are told from each other by them; Swagger 2.0 does not say. */
export const KEY_DEFAULTS: Readonly<Record<string, string>> = {
  'ContainerPort.protocol': 'TCP',
  'ServicePort.protocol': 'TCP',
}
