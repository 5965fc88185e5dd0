import jsonpatch from 'fast-json-patch'
import type { Json } from '#schema'
import { apiFault } from '../faults.ts'
import { PATCH_OPERATIONS_MAX } from '../limits.ts'

/** JSON Patch, RFC 6902. Faults: BadRequest, Invalid when it does not fit the object. */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw apiFault('BadRequest', 'a JSON patch must be a list of operations')
  if (patch.length > PATCH_OPERATIONS_MAX) {
    throw apiFault('RequestEntityTooLarge', `a JSON patch may have ${PATCH_OPERATIONS_MAX} operations`)
  }
  try {
    return jsonpatch.applyPatch<Json>(target, patch as never, true, false).newDocument
  } catch (error) {
    if (!(error instanceof jsonpatch.JsonPatchError)) throw error
    const said = error.message.split('\n', 1)[0] ?? ''
    throw apiFault('Invalid', `the server rejected our request due to an error in our request: ${said}`, {
      cause: error,
    })
  }
}
