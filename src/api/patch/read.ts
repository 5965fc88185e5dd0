import { invalid, isJsonObject, type Json, type KubeObject, type Resource } from '#schema'
import { apiFault } from '../faults.ts'
import { PATCH_DEPTH_MAX } from '../limits.ts'
import type { Body } from '../objects/prepare.ts'
import { invalidFault } from '../refusal.ts'
import { parseJson } from '../request/body.ts'
import { jsonPatch } from './json-patch.ts'
import { mapText } from './map-text.ts'
import { mergePatch } from './merge.ts'
import { isDeeper } from './pointer.ts'
import { strategicPatch } from './strategic.ts'

/** What a patch makes of an object as it is now, in steps. */
export type Patch = (object: KubeObject) => Generator<void, Body>

/**
 * Reads a patch of the type its content type names; an apply is none. Faults: BadRequest, RequestEntityTooLarge,
 * UnsupportedMediaType; the patch throws Invalid when it does not fit an object.
 */
export function readPatch(resource: Resource, type: string, bytes: Buffer): Patch {
  const { run, shown } = patchOf(resource, type, bytes)
  return function* (object) {
    const patched = run(object)
    yield
    refuseDeep(patched)
    return { body: patched, refusal: said => invalidFault(NOTHING, [invalid('patch', shown(patched), said)]) }
  }
}

// What is refused is the patch, whatever it is for (k8s.io/apiserver/pkg/endpoints/handlers, patch.go).
const NOTHING = { group: '', kind: '', name: '' }

interface Read {
  readonly run: (object: KubeObject) => Json
  /** What its sender is shown of it when it is refused. */
  readonly shown: (patched: Json) => string
}

function patchOf(resource: Resource, type: string, bytes: Buffer): Read {
  const known = patchTypes(resource)
  if (!known.includes(type) || type === APPLY_TYPE) {
    throw apiFault('UnsupportedMediaType', `the patch type ${type} is not read for ${resource.plural}`, {
      hint: `send one of ${known.join(', ')}`,
    })
  }
  const patch = parseJson(bytes)
  refuseDeep(patch)
  const shown = (patched: Json): string => JSON.stringify(patched)
  if (type === JSON_PATCH) return { run: object => jsonPatch(object, patch), shown }
  if (!isJsonObject(patch)) throw apiFault('BadRequest', 'the patch must be an object')
  if (type === MERGE_PATCH) return { run: object => mergePatch(object, patch), shown }
  return { run: object => strategicPatch(resource.shape, object, patch), shown: () => mapText(patch) }
}

function refuseDeep(value: Json): void {
  if (isDeeper(value, PATCH_DEPTH_MAX)) throw apiFault('BadRequest', 'nested too deeply')
}

// What people define has no merge keys, as in Kubernetes.
function patchTypes({ custom }: Resource): readonly string[] {
  return custom === undefined ? [...PATCH_TYPES, STRATEGIC_PATCH] : PATCH_TYPES
}

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'

/** An object of which only what is said counts, in YAML, or JSON, which is YAML too. */
export const APPLY_TYPE = 'application/apply-patch+yaml'

const PATCH_TYPES: readonly string[] = [APPLY_TYPE, JSON_PATCH, MERGE_PATCH]
