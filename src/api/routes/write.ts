import type { KubeObject, Resource } from '#schema'
import { acceptOf, answered, shownObject } from '../answers/answer.ts'
import { apiFault } from '../faults.ts'
import { applyObject } from '../objects/apply.ts'
import type { Prepared } from '../objects/prepare.ts'
import { APPLY_TYPE, readPatch } from '../patch/read.ts'
import { mediaType, readSentInSteps } from '../request/body.ts'
import { flagOf, revisionOf } from '../request/parameters.ts'
import {
  nowMsOf,
  placeOf,
  type ResourceRequest,
  type RouteParts,
  refuseSubresource,
  sentBytes,
  sentObject,
  sentReplacement,
  writeOptionsOf,
} from './asked.ts'
import { revisionFor } from './list.ts'

/** Answers one object, or its status. Faults: NotFound, Timeout. */
export async function answerGet(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, query, signal } = asked
  refuseSubresource(target, resource.hasStatus ? ['status'] : [])
  const version = query.get('resourceVersion') ?? ''
  // What is read is the newest: only a revision that is still to come is refused.
  if (version !== '') await revisionFor(parts, { kind: 'notOlderThan', revision: revisionOf(version) }, signal)
  const object = await parts.objects.store.get(resource, placeOf(target), signal)
  return answerObject(parts, asked, 200, { object, warnings: [] })
}

/** Makes an object. Faults: those of `Objects.create`. */
export async function answerCreate(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal } = asked
  if (target.name !== undefined) throw apiFault('MethodNotAllowed', 'objects are made by POST to their collection')
  if (resource.custom?.isTerminating === true) throw apiFault('MethodNotAllowed', TERMINATING)
  const named = { namespace: target.namespace, name: undefined }
  const made = await parts.objects.create(resource, named, await sentObject(parts, asked), signal)
  return answerObject(parts, asked, 201, warned(asked, made))
}

/** Replaces an object, or its status. Faults: those of `Objects.update`. */
export async function answerUpdate(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal } = asked
  const part = partOf(asked)
  const change = { ...(await sentReplacement(parts, asked)), part }
  const made = await parts.objects.update(resource, placeOf(target), change, signal)
  return answerObject(parts, asked, 200, warned(asked, made))
}

/** Patches an object, or its status. Faults: those of `Objects.patch`. */
export async function answerPatch(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, target, signal, request } = asked
  const part = partOf(asked)
  const type = mediaType(request.headers.get('content-type') ?? '')
  if (type === APPLY_TYPE) return answerApply(parts, asked, part)
  const patch = readPatch(resource, type, await sentBytes(parts, asked))
  const change = { patch, options: writeOptionsOf(asked), part }
  const made = await parts.objects.patch(resource, placeOf(target), change, signal)
  return answerObject(parts, asked, 200, warned(asked, made))
}

async function answerApply(parts: RouteParts, asked: ResourceRequest, part: 'object' | 'status'): Promise<Response> {
  const { resource, target, signal, query, demand } = asked
  const options = writeOptionsOf(asked, true)
  const body = { bytes: await sentBytes(parts, asked), contentType: 'application/yaml', shape: resource.shape }
  const sent = await readSentInSteps(body, parts.objects.turns.steps(signal))
  const apply = {
    ...sent,
    options,
    part,
    isForced: flagOf(query, 'force'),
    mayCreate: () => demand('create'),
  }
  const made = await applyObject(parts.objects, { resource, place: placeOf(target) }, apply, signal)
  return answerObject(parts, asked, made.isNew ? 201 : 200, warned(asked, made))
}

/** Answers an object in the form the client wants. */
export async function answerObject(
  parts: RouteParts,
  asked: ResourceRequest,
  status: number,
  made: Prepared,
): Promise<Response> {
  const { request, resource, query, signal } = asked
  await parts.objects.turns.takeAhead(signal) // those that waited for one sync are not all answered in one turn
  const accept = acceptOf(request)
  const shown = shownObject({ resource, object: made.object, accept, query, nowMs: nowMsOf(parts) })
  return answered(request, status, shown, made.warnings)
}

function warned({ resource, target }: ResourceRequest, made: Prepared): Prepared {
  if (target.subresource !== undefined) return made
  return { ...made, warnings: [...made.warnings, ...idleWarnings(resource, made.object)] }
}

/** Told once in each write: nobody is to believe that something happens because an object was taken. */
export function idleWarnings({ kind, hasController, whyIdle }: Resource, object: KubeObject): readonly string[] {
  const why = hasController ? whyIdle?.(object) : `${kind} objects are kept, but nothing acts on them yet`
  return why === undefined ? [] : [why]
}

function partOf({ resource, target }: ResourceRequest): 'object' | 'status' {
  refuseSubresource(target, resource.hasStatus ? ['status'] : [])
  return target.subresource === 'status' ? 'status' : 'object'
}

const TERMINATING = 'create not allowed while custom resource definition is terminating'
