import { type FieldError, forbidden } from '../../field-error.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject, jsonAt, listAt, numberAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { without } from '../../rules.ts'

/** What is wrong with a change of a pod that is there: only few fields of its spec may change. */
export function podUpdateErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  if (old === undefined || isSameJson(object['spec'], old['spec'])) return []
  const errors: FieldError[] = []
  const [deadline, before] = [deadlineOf(object), deadlineOf(old)]
  if (before !== undefined && (deadline === undefined || deadline > before)) {
    const rule = 'must be less than or equal to previous value'
    errors.push({ field: 'spec.activeDeadlineSeconds', reason: 'FieldValueInvalid', message: `Invalid value: ${rule}` })
  }
  const kept = listAt(object, 'spec', 'tolerations')
  const lost = listAt(old, 'spec', 'tolerations').some(each => !kept.some(other => isSameJson(each, other)))
  const isSame = isSameJson(fixedPart(object['spec']), fixedPart(old['spec']))
  return lost || !isSame ? [...errors, forbidden('spec', RULE)] : errors
}

const RULE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

function deadlineOf(object: KubeObject): number | undefined {
  return numberAt(object, 'spec', 'activeDeadlineSeconds')
}

// Ephemeral containers have a path of their own; the scheduler's choice too, and gates may only be taken away.
function fixedPart(spec: Json | undefined): JsonObject {
  const rest = without(spec, [
    'activeDeadlineSeconds',
    'tolerations',
    'schedulingGates',
    'ephemeralContainers',
    'nodeName',
  ])
  const bare = (list: string) => listAt(spec, list).map(each => (isJsonObject(each) ? without(each, ['image']) : each))
  const init = jsonAt(spec, 'initContainers') === undefined ? {} : { initContainers: bare('initContainers') }
  return { ...rest, containers: bare('containers'), ...init }
}
