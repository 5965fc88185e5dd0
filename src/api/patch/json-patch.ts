import jsonpatch from 'fast-json-patch'
import { isJsonObject, type Json } from '#schema'
import { apiFault } from '../faults.ts'
import { PATCH_OPERATIONS_MAX, PATCH_VALUES_MAX } from '../limits.ts'
import { StatusMore } from '../status-more.ts'
import { copyingCost, partsOf, valueAt } from './pointer.ts'

/**
 * JSON Patch, RFC 6902. What is copied, moved and shifted is counted, so that a small patch cannot do much work. Faults:
 * BadRequest, RequestEntityTooLarge, Invalid when it does not fit the object.
 */
export function jsonPatch(target: Json, patch: Json): Json {
  if (!Array.isArray(patch)) throw apiFault('BadRequest', 'a JSON patch must be a list of operations')
  if (patch.length > PATCH_OPERATIONS_MAX) {
    throw apiFault(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${PATCH_OPERATIONS_MAX}, got ${patch.length}`,
    )
  }
  // The library puts values of the patch into the document and changes them there.
  let document: Json = structuredClone(target)
  let left = PATCH_VALUES_MAX
  for (const [index, operation] of structuredClone(patch).entries()) {
    left -= costOf(document, operation, left)
    if (left < 0) throw apiFault('RequestEntityTooLarge', `the JSON patch changes more than ${PATCH_VALUES_MAX} values`)
    document = applied(document, operation, index)
  }
  return document
}

function applied(document: Json, operation: Json, index: number): Json {
  try {
    return jsonpatch.applyOperation<Json>(document, operation as never, true, true, true, index).newDocument
  } catch (error) {
    // The library throws a plain TypeError for paths through prototypes.
    if (!(error instanceof jsonpatch.JsonPatchError) && !(error instanceof TypeError)) throw error
    throw refused(error.message.split('\n', 1)[0] ?? '')
  }
}

// Values that an operation copies, compares or shifts. Paths that go through what is no part of the document are refused.
function costOf(document: Json, operation: Json, most: number): number {
  if (!isJsonObject(operation)) throw refused('an operation must be an object')
  const { op, path, from } = operation
  const parts = pointerOf(path)
  const parent = valueAt(document, parts.slice(0, -1))
  if (parent === undefined) throw refused(`there is nothing at the parent of ${JSON.stringify(path)}`)
  const shifted = Array.isArray(parent) ? parent.length : 1
  if (op !== 'copy' && op !== 'move') return shifted + widthOf(valueAt(document, parts))
  const origin = pointerOf(from)
  const value = valueAt(document, origin)
  if (value === undefined) throw refused(`there is nothing at ${JSON.stringify(from)}`)
  const isInside = op === 'move' && parts.length > origin.length && origin.every((part, index) => parts[index] === part)
  if (isInside) throw refused('a value cannot be moved into itself')
  const source = valueAt(document, origin.slice(0, -1))
  const copied = op === 'copy' ? value : (valueAt(document, parts) ?? null)
  return shifted + (Array.isArray(source) ? source.length : 1) + copyingCost(copied, most)
}

function pointerOf(text: Json | undefined): readonly string[] {
  const parts = typeof text === 'string' ? partsOf(text) : undefined
  if (parts === undefined) throw refused('path and from must be JSON pointers')
  return parts
}

function widthOf(value: Json | undefined): number {
  if (Array.isArray(value)) return value.length
  return isJsonObject(value) ? Object.keys(value).length : 1
}

// Details that name nothing: with a name and no causes, kubectl would not print why.
function refused(why: string): Error {
  const cause = new StatusMore({ details: {} })
  return apiFault('Invalid', `the server rejected our request due to an error in our request: ${why}`, { cause })
}
