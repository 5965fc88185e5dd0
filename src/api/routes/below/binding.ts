import {
  decode,
  type FieldError,
  type JsonObject,
  isJsonObject,
  jsonAt,
  type KubeObject,
  kubernetesShape,
  listAt,
  metaErrors,
  notSupported,
  required,
  textAt,
} from '#schema'
import { answered } from '../../answers/answer.ts'
import { apiFault } from '../../faults.ts'
import { timeOf } from '../../objects/prepare.ts'
import { refuseInvalid } from '../../refusal.ts'
import { parseBody } from '../../request/body.ts'
import { placeOf, type ResourceRequest, type RouteParts, sentBytes, writeOptionsOf } from '../asked.ts'

/**
 * Says on which machine a pod is to run; once said, it stays (k8s.io/kubernetes/pkg/registry/core/pod/storage BindingREST).
 * Faults: BadRequest, Invalid, NotFound, Conflict.
 */
export async function answerBinding(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { request, resource, target, signal } = asked
  const type = request.headers.get('content-type') ?? ''
  const sent = parseBody(await sentBytes(parts, asked), type, SHAPE)
  if (!isJsonObject(sent)) throw apiFault('BadRequest', 'the body must be a Binding')
  const { value: body } = decode(SHAPE, sent)
  const place = placeOf(target)
  const node = textAt(body, 'target', 'name') ?? ''
  const named = textAt(body, 'metadata', 'name') ?? ''
  if (named !== '' && named !== place.name) {
    throw apiFault('BadRequest', `name in URL does not match name in Binding object: ${named}`)
  }
  refuseInvalid(
    { group: '', kind: 'Binding', name: place.name },
    targetErrors(textAt(body, 'target', 'kind') ?? '', node),
  )
  const uid = textAt(body, 'metadata', 'uid') ?? ''
  const run = (old: KubeObject): KubeObject => {
    refuseBound(old, node, uid)
    const next = bound(old, node, { time: timeOf(parts.clock), annotations: jsonAt(body, 'metadata', 'annotations') })
    refuseInvalid({ group: '', kind: 'Binding', name: place.name }, metaErrors(resource, next, old))
    return next
  }
  const { isDryRun } = writeOptionsOf(asked)
  await parts.objects.change(resource, place, { wanted: undefined, isDryRun, run }, signal)
  return answered(request, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

const SHAPE = kubernetesShape('V1Binding')

function targetErrors(kind: string, node: string): readonly FieldError[] {
  return [
    ...(kind === '' || kind === 'Node' ? [] : [notSupported('target.kind', kind, ['Node', '<empty>'])]),
    ...(node === '' ? [required('target.name')] : []),
  ]
}

function refuseBound({ metadata, ...pod }: KubeObject, node: string, uid: string): void {
  const refuse = (why: string): never => {
    throw apiFault('Conflict', `Operation cannot be fulfilled on pods/binding "${metadata.name}": ${why}`)
  }
  if (uid !== '' && uid !== metadata.uid) {
    refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`)
  }
  if (metadata.deletionTimestamp !== undefined)
    refuse(`pod ${metadata.name} is being deleted, cannot be assigned to a host`)
  if (listAt(pod, 'spec', 'schedulingGates').length > 0) {
    refuse(`pod ${metadata.name} has non-empty .spec.schedulingGates`)
  }
  const current = textAt(pod, 'spec', 'nodeName') ?? ''
  if (current !== '') refuse(`pod ${metadata.name} is already assigned to node "${current}", not ${node}`)
}

function bound(
  old: KubeObject,
  node: string,
  { time, annotations }: { readonly time: string; readonly annotations: unknown },
): KubeObject {
  const spec: JsonObject = isJsonObject(old['spec']) ? old['spec'] : {}
  const status: JsonObject = isJsonObject(old['status']) ? old['status'] : {}
  const others = listAt(status, 'conditions').filter(condition => textAt(condition, 'type') !== 'PodScheduled')
  const scheduled = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: time }
  const more = isJsonObject(annotations) ? { annotations: { ...old.metadata.annotations, ...annotations } } : {}
  return {
    ...old,
    metadata: { ...old.metadata, ...more } as KubeObject['metadata'],
    spec: { ...spec, nodeName: node },
    status: { ...status, conditions: [...others, scheduled] },
  }
}
