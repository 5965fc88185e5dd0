import { type FieldError, forbidden, invalid } from '../../field-error.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { without } from '../../rules.ts'

/**
 * What is wrong with a change of a pod that is there: only few fields of its spec may change
 * (k8s.io/kubernetes/pkg/apis/core/validation ValidatePodUpdate). What has a path of its own, as the node and ephemeral
 * containers have, does not change here.
 */
export function podUpdateErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  if (old === undefined || isSameJson(object['spec'], old['spec'])) return []
  const lists = ['containers', 'initContainers']
  const other = lists.find(list => listAt(object, 'spec', list).length !== listAt(old, 'spec', list).length)
  if (other !== undefined) return [forbidden(`spec.${other}`, 'pod updates may not add or remove containers')]
  const errors = [...deadlineErrors(object, old), ...tolerationErrors(object, old), ...gateErrors(object, old)]
  const isGated = listAt(old, 'spec', 'schedulingGates').length > 0
  const isSame = isSameJson(fixedPart(object['spec'], old, isGated), fixedPart(old['spec'], old, isGated))
  if (isGated) errors.push(...nodeSelectorErrors(object, old))
  return isSame ? errors : [...errors, forbidden('spec', RULE)]
}

const RULE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

function deadlineErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const at = 'spec.activeDeadlineSeconds'
  const [now, before] = [object, old].map(each => numberAt(each, 'spec', 'activeDeadlineSeconds'))
  if (before === undefined) return []
  if (now === undefined) return [invalid(at, null, 'must not update from a positive integer to nil value')]
  return now > before ? [invalid(at, now, 'must be less than or equal to previous value')] : []
}

function tolerationErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const bare = (each: Json) => without(each, ['tolerationSeconds'])
  const kept = listAt(object, 'spec', 'tolerations').map(bare)
  const isLost = listAt(old, 'spec', 'tolerations').some(each => !kept.some(other => isSameJson(bare(each), other)))
  const rule = 'existing toleration can not be modified except its tolerationSeconds'
  return isLost ? [forbidden('spec.tolerations', rule)] : []
}

function gateErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const names = new Set(listAt(old, 'spec', 'schedulingGates').map(gate => textAt(gate, 'name')))
  return listAt(object, 'spec', 'schedulingGates').flatMap((gate, index) => {
    const name = textAt(gate, 'name')
    const rule = `only deletion is allowed, but found new scheduling gate '${name}'`
    return names.has(name) ? [] : [forbidden(`spec.schedulingGates[${index}].name`, rule)]
  })
}

// While a pod waits at a gate, nodes may be ruled out, and none may be let in again.
function nodeSelectorErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const [now, before] = [object, old].map(each => jsonAt(each, 'spec', 'nodeSelector'))
  const isKept = Object.entries(isJsonObject(before) ? before : {}).every(([key, value]) => jsonAt(now, key) === value)
  const rule = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
  return isKept ? [] : [invalid('spec.nodeSelector', now ?? null, rule)]
}

function fixedPart(spec: Json | undefined, old: KubeObject, isGated: boolean): JsonObject {
  const free = ['activeDeadlineSeconds', 'tolerations', 'schedulingGates', ...(isGated ? ['nodeSelector'] : [])]
  const wasNegative = (numberAt(old, 'spec', 'terminationGracePeriodSeconds') ?? 0) < 0
  const isOne = numberAt(spec, 'terminationGracePeriodSeconds') === 1 || spec === old['spec']
  if (wasNegative && isOne) free.push('terminationGracePeriodSeconds')
  const bare = (list: string) => listAt(spec, list).map(each => (isJsonObject(each) ? without(each, ['image']) : each))
  const init = jsonAt(spec, 'initContainers') === undefined ? {} : { initContainers: bare('initContainers') }
  return { ...without(spec, free), containers: bare('containers'), ...init }
}
