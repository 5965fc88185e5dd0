import { isJsonObject, type Json, type KubeObject, type Resource } from '#schema'
import { apiFault } from '../faults.ts'
import { parseJson } from '../request/body.ts'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge.ts'
import { strategicPatch } from './strategic.ts'

/** What a patch makes of an object as it is now. */
export type Patch = (object: KubeObject) => Json

/** Reads a patch of the type its content type names. Faults: BadRequest, UnsupportedMediaType. */
export function readPatch(resource: Resource, type: string, bytes: Buffer): Patch {
  switch (type) {
    case 'application/json-patch+json': {
      const patch = parseJson(bytes)
      return object => jsonPatch(object, patch)
    }
    case 'application/merge-patch+json': {
      const patch = objectIn(parseJson(bytes))
      return object => mergePatch(object, patch)
    }
    case 'application/strategic-merge-patch+json': {
      const patch = objectIn(parseJson(bytes))
      return object => strategicPatch(resource.shape, object, patch)
    }
    default:
      throw apiFault('UnsupportedMediaType', `the patch type ${type} is not read`, {
        hint: `send one of ${PATCH_TYPES.join(', ')}`,
      })
  }
}

/** An object of which only what is said counts, in YAML, or JSON, which is YAML too. */
export const APPLY_TYPE = 'application/apply-patch+yaml'

const PATCH_TYPES = [
  APPLY_TYPE,
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
]

function objectIn(patch: Json) {
  if (isJsonObject(patch)) return patch
  throw apiFault('BadRequest', 'the patch must be an object')
}
