import {
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
import { json } from '../../answers/answer.ts'
import { apiFault } from '../../faults.ts'
import { modified } from '../../objects/objects.ts'
import { prepareUpdate, readBody } from '../../objects/prepare.ts'
import { readPatch } from '../../patch/read.ts'
import { refuseInvalid } from '../../refusal.ts'
import { mediaType, readAll, readSent } from '../../request/body.ts'
import { placeOf, type ResourceRequest, type RouteParts, writeOptionsOf } from '../asked.ts'

/** Answers how many of something there are and should be, and changes the latter, as autoscaling/v1 Scale. */
export async function answerScale(
  parts: RouteParts,
  verb: string,
  asked: ResourceRequest,
  paths: ScalePaths,
): Promise<Response> {
  const { resource, target, signal } = asked
  const place = placeOf(target)
  if (verb === 'get') return json(200, scaleOf(await parts.objects.store.get(resource, place, signal), paths))
  const options = writeOptionsOf(asked)
  const { isDryRun } = options
  const sent = await readAll(asked.request)
  let warnings: readonly string[] = []
  const run = (old: KubeObject): KubeObject => {
    const { object: scale, warnings: told } = readScale(verb, asked, { sent, now: scaleOf(old, paths) })
    const { resourceVersion = '' } = scale.metadata
    if (resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) {
      throw apiFault('Conflict', modified(resource, place.name))
    }
    warnings = told
    const now = prepareUpdate(resource, withReplicas(old, paths, wantedOf(scale)), old)
    return parts.objects.noted(resource, { old, now }, options, 'scale')
  }
  const object = await parts.objects.change(resource, place, { wanted: undefined, isDryRun, run }, signal)
  return json(200, scaleOf(object, paths), warnings)
}

function readScale(
  verb: string,
  asked: ResourceRequest,
  { sent, now }: { readonly sent: Buffer; readonly now: KubeObject },
): ReturnType<typeof readBody> {
  const { request, resource, target } = asked
  const type = request.headers.get('content-type') ?? ''
  const shown: Resource = {
    ...resource,
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
    shape: kubernetesShape('V1Scale'),
  }
  const { unknowns } = writeOptionsOf(asked)
  const read =
    verb === 'patch' ? readPatch(shown, mediaType(type), sent)(now) : readSent(sent, type, kubernetesShape('V1Scale'))
  return readBody(shown, read, placeOf(target), unknowns)
}

/** An object as a Scale (k8s.io/api/autoscaling/v1). */
export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = selectorText(jsonAt(object, ...paths.selector))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ...paths.replicas) ?? 0 },
    status: { replicas: numberAt(object, ...paths.status) ?? 0, ...(selector === '' ? {} : { selector }) },
  }
}

function wantedOf(scale: KubeObject): number {
  const replicas = numberAt(scale, 'spec', 'replicas') ?? 0
  if (Number.isInteger(replicas) && replicas >= 0) return replicas
  const of = { group: 'autoscaling', kind: 'Scale', name: scale.metadata.name }
  refuseInvalid(of, [invalid('spec.replicas', replicas, 'must be greater than or equal to 0')])
  return 0
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
