// Writes src/schema/shapes/kubernetes.json: Kubernetes' own kinds as facts, and no prose. Names, types, formats and what is
// required are those of the models of `@kubernetes/client-node`, whose version follows that of Kubernetes; the numbers that
// fields have in protobuf are in every kubectl of the same version.
//
//     node tools/shapes/generate.ts /usr/bin/kubectl
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as models from '@kubernetes/client-node'
import { root } from '../tidy/tree.ts'
import { type ProtoField, readDescriptors } from './descriptors.ts'

/** The kinds that Cairn serves, by the package of their protobuf message; what they refer to comes with them. */
const ROOTS: Readonly<Record<string, readonly string[]>> = {
  'k8s.io.api.core.v1': [
    'V1Binding',
    'V1ConfigMap',
    'V1Endpoints',
    'CoreV1Event',
    'V1LimitRange',
    'V1Namespace',
    'V1Node',
    'V1Pod',
    'V1PersistentVolume',
    'V1PersistentVolumeClaim',
    'V1PodTemplate',
    'V1ReplicationController',
    'V1ResourceQuota',
    'V1Secret',
    'V1Service',
    'V1ServiceAccount',
  ],
  'k8s.io.api.apps.v1': ['V1ControllerRevision', 'V1DaemonSet', 'V1Deployment', 'V1ReplicaSet', 'V1StatefulSet'],
  'k8s.io.api.batch.v1': ['V1CronJob', 'V1Job'],
  'k8s.io.api.networking.v1': ['V1Ingress', 'V1IngressClass', 'V1NetworkPolicy', 'V1IPAddress', 'V1ServiceCIDR'],
  'k8s.io.api.rbac.v1': ['V1ClusterRole', 'V1ClusterRoleBinding', 'V1Role', 'V1RoleBinding'],
  'k8s.io.api.coordination.v1': ['V1Lease'],
  'k8s.io.api.discovery.v1': ['V1EndpointSlice'],
  'k8s.io.api.events.v1': ['EventsV1Event'],
  'k8s.io.api.storage.v1': ['V1StorageClass', 'V1VolumeAttachment', 'V1CSIDriver', 'V1CSINode', 'V1CSIStorageCapacity'],
  'k8s.io.api.policy.v1': ['V1PodDisruptionBudget', 'V1Eviction'],
  'k8s.io.api.certificates.v1': ['V1CertificateSigningRequest'],
  'k8s.io.api.authentication.v1': ['V1TokenReview', 'V1SelfSubjectReview', 'AuthenticationV1TokenRequest'],
  'k8s.io.api.authorization.v1': [
    'V1SubjectAccessReview',
    'V1SelfSubjectAccessReview',
    'V1LocalSubjectAccessReview',
    'V1SelfSubjectRulesReview',
  ],
  'k8s.io.api.autoscaling.v1': ['V1HorizontalPodAutoscaler', 'V1Scale'],
  'k8s.io.api.autoscaling.v2': ['V2HorizontalPodAutoscaler'],
  'k8s.io.api.scheduling.v1': ['V1PriorityClass'],
  'k8s.io.api.node.v1': ['V1RuntimeClass'],
  'k8s.io.apiextensions-apiserver.pkg.apis.apiextensions.v1': ['V1CustomResourceDefinition'],
  'k8s.io.apimachinery.pkg.apis.meta.v1': [
    'V1APIGroupList',
    'V1APIResourceList',
    'V1APIVersions',
    'V1DeleteOptions',
    'V1ListMeta',
    'V1Status',
  ],
}

interface Attribute {
  readonly baseName: string
  readonly type: string
  readonly format: string
}

interface Written {
  /** The Go package it is of, behind `k8s.io.`, such as `api.core.v1`. */
  readonly package: string
  readonly fields: Record<string, string>
  readonly required: readonly string[]
}

const PATH_CHARS_MAX = 6
const QUANTITY = 'k8s.io.apimachinery.pkg.api.resource.Quantity'
const PREFIX = /^(?:[A-Z][a-z]+)?V[0-9]+/
const folder = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen/models')
const shapes: Record<string, Written> = {}
const messages = readDescriptors(process.argv[2] ?? '/usr/bin/kubectl')
for (const [scope, names] of Object.entries(ROOTS)) {
  for (const name of names) add(name, `${scope}.${name.replace(PREFIX, '')}`, scope)
}
const sorted = Object.fromEntries(Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1)))
const lines = Object.entries(sorted).map(([name, shape]) => `    ${JSON.stringify(name)}: ${JSON.stringify(shape)}`)
const text = `{\n  "version": ${JSON.stringify(versionOf())},\n  "shapes": {\n${lines.join(',\n')}\n  }\n}\n`
writeFileSync(join(root, 'src/schema/shapes/kubernetes.json'), text)
console.log(`${lines.length} shapes`)

// What has no message of its own is of the package that refers to it.
function add(name: string, message: string | undefined, scope: string): void {
  if (shapes[name] !== undefined) return
  const home = message?.replace(/\.[^.]*$/, '') ?? scope
  const fields: Record<string, string> = {}
  shapes[name] = { package: home.replace(/^k8s\.io\./, ''), fields, required: requiredOf(name) }
  const attributes = attributesOf(name)
  const places = placesOf(message, new Set(attributes.map(({ baseName }) => baseName)), '')
  for (const attribute of attributes) {
    const place = places.get(attribute.baseName)
    const number = place === undefined ? '' : `@${place.path}${place.field.isAlwaysSent ? '!' : ''}`
    fields[attribute.baseName] = `${typeOf(attribute, place?.field.message, home)}${number}`
  }
}

interface Place {
  /** Numbers of the fields on the way to it. */
  readonly path: string
  readonly field: ProtoField
}

// JSON has the fields of some messages in line with those around them: they have no name of their own there.
function placesOf(message: string | undefined, names: ReadonlySet<string>, path: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  for (const field of messages.get(message ?? '') ?? []) {
    const at = path === '' ? String(field.number) : `${path}.${field.number}`
    if (names.has(field.name)) places.set(field.name, { path: at, field })
    else if (field.message !== undefined && !field.isRepeated && path.length < PATH_CHARS_MAX) {
      for (const [name, place] of placesOf(field.message, names, at)) if (!places.has(name)) places.set(name, place)
    }
  }
  return places
}

function attributesOf(name: string): readonly Attribute[] {
  const model: unknown = Reflect.get(models, name)
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) throw new Error(`no model ${name}`)
  const read: unknown = model.getAttributeTypeMap
  if (typeof read !== 'function') throw new Error(`no attributes of ${name}`)
  return read.call(model)
}

// The grammar of types is described in src/schema/shapes/read.ts.
function typeOf({ type, format }: Attribute, message: string | undefined, scope: string): string {
  const plain = (text: string): string => plainType({ type: text, format }, message, scope)
  const list = /^Array<(.*)>$/.exec(type)
  if (list !== null) return `[${plain(list[1] ?? '')}]`
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)
  if (map === null) return plain(type)
  const inner = /^Array<(.*)>$/.exec(map[1] ?? '')
  return inner === null ? `{${plain(map[1] ?? '')}}` : `{[${plain(inner[1] ?? '')}]}`
}

function plainType({ type, format }: Omit<Attribute, 'baseName'>, message: string | undefined, scope: string): string {
  if (type === 'number') return format
  if (message === QUANTITY) return 'quantity'
  if (format === 'date-time-micro') return 'micro-time'
  if (type === 'IntOrString' || format !== '') return format
  if (['string', 'boolean', 'any', 'object'].includes(type)) return type === 'object' ? 'any' : type
  add(type, message, scope)
  return `#${type}`
}

function requiredOf(name: string): readonly string[] {
  const declaration = readFileSync(join(folder, `${name}.d.ts`), 'utf8')
  const body = declaration.slice(declaration.indexOf('export declare class'))
  return Array.from(body.matchAll(/^ {4}'([^']+)': /gm), match => match[1]?.replace(/^_/, '') ?? '')
}

function versionOf(): string {
  const declaration = readFileSync(join(folder, 'V1Pod.d.ts'), 'utf8')
  return /OpenAPI spec version: (\S+)/.exec(declaration)?.[1] ?? ''
}
