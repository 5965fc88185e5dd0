import { type FieldError, invalid, required } from '../../field-error.ts'
import { isJsonObject, isSameJson, jsonAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { selectorMatches } from './selector.ts'
import { podSpecErrors } from './validate.ts'

/** What is wrong with an object that makes pods from a template: Deployment, ReplicaSet, StatefulSet, DaemonSet. */
export function workloadErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const labels = jsonAt(object, 'spec', 'template', 'metadata', 'labels')
  const selector = jsonAt(object, 'spec', 'selector')
  const replicas = numberAt(object, 'spec', 'replicas') ?? 0
  const errors: FieldError[] = [...podSpecErrors(jsonAt(object, 'spec', 'template', 'spec'), 'spec.template.spec')]
  if (replicas < 0) errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  if (selector === undefined) errors.push(required('spec.selector'))
  else if (!hasRules(object))
    errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'))
  else if (!selectorMatches(object, isJsonObject(labels) ? labels : {})) {
    errors.push(invalid('spec.template.metadata.labels', labels ?? null, '`selector` does not match template `labels`'))
  }
  const policy = textAt(object, 'spec', 'template', 'spec', 'restartPolicy')
  if (policy !== undefined && policy !== 'Always') {
    const message = `Unsupported value: "${policy}": supported values: "Always"`
    errors.push({ field: 'spec.template.spec.restartPolicy', reason: 'FieldValueNotSupported', message })
  }
  if (old !== undefined && !isSameJson(selector, jsonAt(old, 'spec', 'selector'))) {
    errors.push(invalid('spec.selector', selector ?? null, 'field is immutable'))
  }
  return errors
}

function hasRules(object: KubeObject): boolean {
  const labels = jsonAt(object, 'spec', 'selector', 'matchLabels')
  const rules = jsonAt(object, 'spec', 'selector', 'matchExpressions')
  return (isJsonObject(labels) && Object.keys(labels).length > 0) || (Array.isArray(rules) && rules.length > 0)
}
