import { type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, isSameJson, type Json, jsonAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { notNegative } from '../../rules.ts'
import { isEmptySelector, labelErrors, selectorErrors, selectorMatches } from './selector.ts'
import { podSpecErrors } from './spec-rules.ts'

/**
 * What is wrong with an object that makes pods from a template and finds them by a selector that is fixed: Deployment,
 * ReplicaSet, StatefulSet, DaemonSet.
 */
export function workloadErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const selector = jsonAt(spec, 'selector')
  const errors = [...notNegative(spec, ['replicas', 'minReadySeconds', 'revisionHistoryLimit'], 'spec')]
  errors.push(...selectorErrors(selector, 'spec.selector'))
  if (selector === undefined) errors.push(required('spec.selector'))
  else if (isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${object.kind.toLowerCase()}`))
  }
  errors.push(...templateErrors(jsonAt(spec, 'template'), ['Always'], 'spec.template'))
  errors.push(...templateLabelErrors(selector, jsonAt(spec, 'template')))
  errors.push(...deadlineErrors(object))
  if (old !== undefined && !isSameJson(selector, jsonAt(old, 'spec', 'selector'))) {
    errors.push(invalid('spec.selector', selector ?? null, 'field is immutable'))
  }
  return errors
}

// What is replaced when it ends would end again and again.
function deadlineErrors(object: KubeObject): readonly FieldError[] {
  const seconds = jsonAt(object, 'spec', 'template', 'spec', 'activeDeadlineSeconds')
  if (seconds === undefined) return []
  const kind = object.kind === 'Deployment' ? 'ReplicaSet' : object.kind
  return [forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`)]
}

/** What is wrong with a pod template; `policies` are what its pods may do when they end, where not somebody else sees to it. */
export function templateErrors(
  template: Json | undefined,
  policies: readonly string[] | undefined,
  field: string,
): readonly FieldError[] {
  const policy = textAt(template, 'spec', 'restartPolicy') ?? ''
  const isAllowed = policies === undefined || policies.includes(policy)
  return [
    ...labelErrors(jsonAt(template, 'metadata', 'labels'), `${field}.labels`),
    ...podSpecErrors(jsonAt(template, 'spec'), `${field}.spec`),
    ...(jsonAt(template, 'spec', 'ephemeralContainers') === undefined
      ? []
      : [forbidden(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]),
    ...(isAllowed ? [] : [notSupported(`${field}.spec.restartPolicy`, policy, policies)]),
  ]
}

/** A selector finds the pods of its own template. */
export function templateLabelErrors(selector: Json | undefined, template: Json | undefined): readonly FieldError[] {
  const labels = jsonAt(template, 'metadata', 'labels')
  if (selector === undefined || isEmptySelector(selector)) return []
  if (selectorMatches(selector, isJsonObject(labels) ? labels : {})) return []
  return [invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`')]
}

/** A whole number or a percentage, as those of how many pods may be missing. */
export function countOrPercentErrors(object: Json | undefined, name: string, field: string): readonly FieldError[] {
  const value = jsonAt(object, name)
  if (value === undefined) return []
  if (typeof value === 'number') return notNegative(object, [name], field)
  if (typeof value === 'string' && /^[0-9]+%$/.test(value)) {
    const isMore = name !== 'maxSurge' && Number(value.slice(0, -1)) > 100
    return isMore ? [invalid(`${field}.${name}`, value, 'must not be greater than 100%')] : []
  }
  return [
    invalid(`${field}.${name}`, value, "a valid percent string must be a numeric string followed by an ending '%'"),
  ]
}
