import { runSteps } from '#base'
import type { KubeObject, Resource, Subresource } from '#schema'
import { apiFault } from '../../faults.ts'
import { modified } from '../../objects/objects.ts'
import { preparePart, readBody } from '../../objects/prepare.ts'
import { readPatch } from '../../patch/read.ts'
import { mediaType } from '../../request/body.ts'
import { placeOf, type ResourceRequest, type RouteParts, sentBytes, sentReplacement, writeOptionsOf } from '../asked.ts'
import { answerObject } from '../write.ts'

/** Answers and changes a part of an object that has a path of its own. Faults: those of `Objects.update`. */
export async function answerPart(
  parts: RouteParts,
  verb: string,
  asked: ResourceRequest,
  { write, validate }: WrittenPart,
): Promise<Response> {
  const { target, signal } = asked
  const resource = validate === undefined ? asked.resource : ruledBy(asked.resource, validate)
  const place = placeOf(target)
  if (verb === 'get') {
    return answerObject(parts, asked, 200, {
      object: await parts.objects.store.get(resource, place, signal),
      warnings: [],
    })
  }
  const options = writeOptionsOf(asked)
  const { isDryRun } = options
  let warnings: readonly string[] = []
  const next = await (verb === 'patch' ? patched(parts, asked) : replaced(parts, asked))
  const run = (old: KubeObject): KubeObject => {
    const { object, warnings: told } = next(old)
    const { resourceVersion = '' } = object.metadata
    if (resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion) {
      throw apiFault('Conflict', modified(resource, place.name))
    }
    warnings = told
    const now = preparePart(resource, write, object, old)
    return parts.objects.noted(resource, { old, now }, options, target.subresource ?? '')
  }
  const object = await parts.objects.change(resource, place, { wanted: undefined, isDryRun, run }, signal)
  return answerObject(parts, asked, 200, { object, warnings })
}

/** A part that can be written. */
export type WrittenPart = Subresource & Required<Pick<Subresource, 'write'>>

// What is forbidden in an update may be what the part is for.
function ruledBy(resource: Resource, validate: NonNullable<Subresource['validate']>): Resource {
  return {
    ...resource,
    validate: (object, old) => (old === undefined ? resource.validate(object, old) : validate(object, old)),
  }
}

type Read = (old: KubeObject) => ReturnType<typeof readBody>

async function replaced(parts: RouteParts, asked: ResourceRequest): Promise<Read> {
  const sent = await sentReplacement(parts, asked)
  const read = readBody(asked.resource, sent, placeOf(asked.target), sent.options.unknowns)
  return () => read
}

async function patched(parts: RouteParts, asked: ResourceRequest): Promise<Read> {
  const { resource, target, request } = asked
  const type = mediaType(request.headers.get('content-type') ?? '')
  const patch = readPatch(resource, type, await sentBytes(parts, asked))
  const { unknowns } = writeOptionsOf(asked)
  return old => readBody(resource, runSteps(patch(old)), placeOf(target), unknowns)
}
