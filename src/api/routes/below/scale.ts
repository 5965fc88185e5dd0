import { runSteps } from '#base'
import {
  ageOf,
  type Column,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  type KubeObject,
  kubernetesShape,
  listAt,
  numberAt,
  type Resource,
  type ScalePaths,
  invalid,
  textAt,
} from '#schema'
import { apiFault } from '../../faults.ts'
import { appliedTo, readConfig } from '../../objects/apply.ts'
import { modified, type WriteOptions } from '../../objects/objects.ts'
import { type Prepared, preparingUpdate, readBody } from '../../objects/prepare.ts'
import { APPLY_TYPE, readPatch } from '../../patch/read.ts'
import { invalidFault } from '../../refusal.ts'
import { mediaType, readSent } from '../../request/body.ts'
import { flagOf } from '../../request/parameters.ts'
import { placeOf, refuseUnnamed, type ResourceRequest, type RouteParts, sentBytes, writeOptionsOf } from '../asked.ts'
import { answerObject, idleWarnings } from '../write.ts'

/** Answers how many of something there are and should be, and changes the latter, as autoscaling/v1 Scale. */
export async function answerScale(
  parts: RouteParts,
  verb: string,
  asked: ResourceRequest,
  paths: ScalePaths,
): Promise<Response> {
  const { resource, target, signal } = asked
  const place = placeOf(target)
  const show = ({ object, warnings }: Prepared): Promise<Response> =>
    answerObject(parts, { ...asked, resource: scaleResource(resource) }, 200, {
      object: scaleOf(object, paths),
      warnings,
    })
  if (verb === 'get') {
    return show({ object: await parts.objects.store.get(resource, place, signal), warnings: [] })
  }
  const isApply = verb === 'patch' && contentType(asked) === APPLY_TYPE
  const options = writeOptionsOf(asked, isApply)
  const sent = await sentBytes(parts, asked)
  let warnings: readonly string[] = []
  const run = (old: KubeObject): KubeObject => {
    if (isApply) return applied(parts, { ...asked, paths }, { old, sent, options })
    const { object: scale, warnings: told } = readScale(verb, asked, { sent, now: scaleOf(old, paths) })
    refuseOlder(resource, scale, old)
    warnings = told
    const now = runSteps(preparingUpdate(resource, withReplicas(old, paths, wantedOf(scale) ?? 0), old))
    return parts.objects.noted(resource, { old, now }, options, 'scale')
  }
  const change = { wanted: undefined, isDryRun: options.isDryRun, run }
  const object = await parts.objects.change(resource, place, change, signal)
  return show({ object, warnings: [...warnings, ...idleWarnings(resource, object)] })
}

function contentType({ request }: ResourceRequest): string {
  return mediaType(request.headers.get('content-type') ?? '')
}

function refuseOlder(resource: Resource, { metadata }: KubeObject, old: KubeObject): void {
  const { resourceVersion = '', name } = metadata
  if (resourceVersion === '' || resourceVersion === old.metadata.resourceVersion) return
  throw apiFault('Conflict', modified(resource, name))
}

// Applying a scale is applying the one field of the object that it is about.
function applied(
  { objects }: RouteParts,
  asked: ResourceRequest & { readonly paths: ScalePaths },
  { old, sent, options }: { readonly old: KubeObject; readonly sent: Buffer; readonly options: WriteOptions },
): KubeObject {
  const { resource, target, query, paths } = asked
  const shown = scaleResource(resource)
  const scale = readConfig(shown, { ...readSent(sent, 'application/yaml', shown.shape), options }, placeOf(target))
  refuseOlder(resource, scale, old)
  const replicas = wantedOf(scale)
  const { apiVersion, kind } = old
  const { name, namespace, uid, creationTimestamp } = scale.metadata
  const bare: KubeObject = { apiVersion, kind, metadata: { name, namespace, uid, creationTimestamp } }
  const next = appliedTo(resource, old, {
    config: replicas === undefined ? bare : withReplicas(bare, paths, replicas),
    writer: objects.writerOf(options, 'scale'),
    isForced: flagOf(query, 'force'),
    part: 'object',
  })
  options.guard?.(next, old)
  return next
}

// What is read and shown in place of the resource itself (k8s.io/kubernetes/pkg/printers/internalversion, printScale).
function scaleResource(resource: Resource): Resource {
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale', shape: kubernetesShape('V1Scale') }
  return { ...resource, ...scale, columns: COLUMNS, custom: undefined }
}

const PLAIN = { format: '', description: '', priority: 0 } as const

const COLUMNS: readonly Column[] = [
  { ...PLAIN, name: 'Name', type: 'string', format: 'name', cell: ({ metadata }) => metadata.name },
  { ...PLAIN, name: 'Desired', type: 'integer', cell: scale => numberAt(scale, 'spec', 'replicas') ?? 0 },
  { ...PLAIN, name: 'Available', type: 'integer', cell: scale => numberAt(scale, 'status', 'replicas') ?? 0 },
  { ...PLAIN, name: 'Age', type: 'string', cell: ({ metadata }, nowMs) => ageOf(metadata.creationTimestamp, nowMs) },
]

function readScale(
  verb: string,
  asked: ResourceRequest,
  { sent, now }: { readonly sent: Buffer; readonly now: KubeObject },
): ReturnType<typeof readBody> {
  const { resource, target } = asked
  const shown = scaleResource(resource)
  const { unknowns } = writeOptionsOf(asked)
  const place = placeOf(target)
  if (verb === 'patch')
    return readBody(shown, runSteps(readPatch(shown, contentType(asked), sent)(now)), place, unknowns)
  const read = readSent(sent, contentType(asked), shown.shape)
  refuseUnnamed(target, read.body)
  return readBody(shown, read, place, unknowns)
}

/** An object as a Scale (k8s.io/api/autoscaling/v1). */
export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = paths.selector.length === 0 ? '' : selectorText(jsonAt(object, ...paths.selector))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ...paths.replicas) ?? 0 },
    status: { replicas: numberAt(object, ...paths.status) ?? 0, ...(selector === '' ? {} : { selector }) },
  }
}

function wantedOf(scale: KubeObject): number | undefined {
  const replicas = numberAt(scale, 'spec', 'replicas')
  if (replicas === undefined || replicas >= 0) return replicas
  const of = { group: 'autoscaling', kind: 'Scale', name: scale.metadata.name }
  throw invalidFault(of, [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')])
}

function withReplicas(object: KubeObject, { replicas: path }: ScalePaths, replicas: number): KubeObject {
  const put = (value: Json | undefined, [name, ...rest]: readonly string[]): Json => {
    if (name === undefined) return replicas
    const part: JsonObject = isJsonObject(value) ? value : {}
    return { ...part, [name]: put(part[name], rest) }
  }
  const [field = 'spec', ...rest] = path
  return { ...object, [field]: put(object[field], rest) }
}

// A label selector, a plain map of labels, or text.
function selectorText(selector: Json | undefined): string {
  if (typeof selector === 'string') return selector
  if (!isJsonObject(selector)) return ''
  const isPlain = selector['matchLabels'] === undefined && selector['matchExpressions'] === undefined
  const labels = isPlain ? selector : selector['matchLabels']
  const exact = isJsonObject(labels) ? Object.keys(labels).map(key => `${key}=${textAt(labels, key) ?? ''}`) : []
  return [...exact, ...listAt(selector, 'matchExpressions').map(requirementText)].join(',')
}

function requirementText(rule: Json): string {
  const [key = '', operator] = [textAt(rule, 'key'), textAt(rule, 'operator')]
  const values = listAt(rule, 'values').filter(value => typeof value === 'string')
  if (operator === 'Exists') return key
  if (operator === 'DoesNotExist') return `!${key}`
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
}
