import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { type Json, jsonAt, type JsonObject, listAt, numberAt, textAt, textsAt } from '../../json.ts'
import { labelProblem, labelValueProblem, qualifiedNameProblem, subdomainProblem } from '../../names.ts'
import { named, oneOf } from '../../rules.ts'
import { labelErrors, selectorErrors } from './selector.ts'

// k8s.io/kubernetes/pkg/apis/core/validation validateAffinity, ValidateTolerations, validateTopologySpreadConstraints.

/** What is wrong with where a pod may run. */
export function placementErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const affinity = spec['affinity']
  return [
    ...named(spec, 'nodeName', subdomainProblem, field),
    ...labelErrors(spec['nodeSelector'], `${field}.nodeSelector`),
    ...nodeAffinityErrors(jsonAt(affinity, 'nodeAffinity'), `${field}.affinity.nodeAffinity`),
    ...['podAffinity', 'podAntiAffinity'].flatMap(name =>
      podAffinityErrors(jsonAt(affinity, name), `${field}.affinity.${name}`),
    ),
    ...tolerationsErrors(listAt(spec, 'tolerations'), `${field}.tolerations`),
    ...spreadErrors(listAt(spec, 'topologySpreadConstraints'), `${field}.topologySpreadConstraints`),
  ]
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function nodeAffinityErrors(affinity: Json | undefined, field: string): FieldError[] {
  const needed = jsonAt(affinity, REQUIRED)
  const at = `${field}.${REQUIRED}.nodeSelectorTerms`
  const terms = listAt(needed, 'nodeSelectorTerms')
  const none = 'must have at least one node selector term'
  return [
    ...(needed !== undefined && terms.length === 0 ? [required(at, none)] : []),
    ...terms.flatMap((term, index) => termErrors(term, `${at}[${index}]`, true)),
    ...listAt(affinity, PREFERRED).flatMap((each, index) => {
      const place = `${field}.${PREFERRED}[${index}]`
      return [...weightErrors(each, place), ...termErrors(jsonAt(each, 'preference'), `${place}.preference`, false)]
    }),
  ]
}

/** What is wrong with a term that chooses nodes; values of labels are checked where they must be found. */
export function termErrors(term: Json | undefined, field: string, isStrict: boolean): FieldError[] {
  return [
    ...listAt(term, 'matchExpressions').flatMap((rule, index) =>
      expressionErrors(rule, `${field}.matchExpressions[${index}]`, isStrict),
    ),
    ...listAt(term, 'matchFields').flatMap((rule, index) => matchFieldErrors(rule, `${field}.matchFields[${index}]`)),
  ]
}

function expressionErrors(rule: Json, field: string, isStrict: boolean): FieldError[] {
  const [key, operator] = [textAt(rule, 'key') ?? '', textAt(rule, 'operator') ?? '']
  const values = textsAt(rule, 'values')
  const problem = qualifiedNameProblem(key)
  return [
    ...operatorErrors(operator, values.length, field),
    ...(problem === undefined ? [] : [invalid(`${field}.key`, key, problem)]),
    ...(isStrict ? values : []).flatMap((value, index) => {
      const wrong = labelValueProblem(value)
      return wrong === undefined ? [] : [invalid(`${field}.values[${index}]`, value, wrong)]
    }),
  ]
}

function operatorErrors(operator: string, count: number, field: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return count > 0 ? [] : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")]
    case 'Exists':
    case 'DoesNotExist': {
      const rule = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      return count === 0 ? [] : [forbidden(`${field}.values`, rule)]
    }
    case 'Gt':
    case 'Lt': {
      const rule = "must be specified single value when `operator` is 'Lt' or 'Gt'"
      return count === 1 ? [] : [required(`${field}.values`, rule)]
    }
    default:
      return [invalid(`${field}.operator`, operator, 'not a valid selector operator')]
  }
}

function matchFieldErrors(rule: Json, field: string): FieldError[] {
  const [key, operator] = [textAt(rule, 'key') ?? '', textAt(rule, 'operator') ?? '']
  const values = textsAt(rule, 'values')
  const isKnown = operator === 'In' || operator === 'NotIn'
  const one = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
  if (!isKnown) return [invalid(`${field}.operator`, operator, 'not a valid selector operator')]
  const errors = values.length === 1 ? [] : [required(`${field}.values`, one)]
  return key === 'metadata.name' ? errors : [...errors, invalid(`${field}.key`, key, 'not a valid field selector key')]
}

function weightErrors(term: Json, field: string): FieldError[] {
  const weight = numberAt(term, 'weight') ?? 0
  return weight >= 1 && weight <= 100 ? [] : [invalid(`${field}.weight`, weight, 'must be in the range 1-100')]
}

function podAffinityErrors(affinity: Json | undefined, field: string): FieldError[] {
  return [
    ...listAt(affinity, REQUIRED).flatMap((term, index) => podTermErrors(term, `${field}.${REQUIRED}[${index}]`)),
    ...listAt(affinity, PREFERRED).flatMap((each, index) => {
      const place = `${field}.${PREFERRED}[${index}]`
      const term = jsonAt(each, 'podAffinityTerm') ?? {}
      return [...weightErrors(each, place), ...podTermErrors(term, `${place}.podAffinityTerm`)]
    }),
  ]
}

function podTermErrors(term: Json, field: string): FieldError[] {
  const key = textAt(term, 'topologyKey') ?? ''
  const problem = qualifiedNameProblem(key)
  return [
    ...['labelSelector', 'namespaceSelector'].flatMap(name => [
      ...selectorErrors(jsonAt(term, name), `${field}.${name}`),
    ]),
    ...textsAt(term, 'namespaces').flatMap(name => {
      const wrong = labelProblem(name)
      return wrong === undefined ? [] : [invalid(`${field}.namespace`, name, wrong)]
    }),
    ...(key === '' ? [required(`${field}.topologyKey`, 'can not be empty')] : []),
    ...(problem === undefined ? [] : [invalid(`${field}.topologyKey`, key, problem)]),
  ]
}

/** What is wrong with which taints of nodes a pod bears. */
export function tolerationsErrors(tolerations: readonly Json[], field: string): FieldError[] {
  return tolerations.flatMap((each, index) => tolerationErrors(each, `${field}[${index}]`))
}

function tolerationErrors(toleration: Json, field: string): FieldError[] {
  const operator = textAt(toleration, 'operator') ?? ''
  const [key, value, effect] = ['key', 'value', 'effect'].map(name => textAt(toleration, name) ?? '')
  const errors = [...named(toleration, 'key', qualifiedNameProblem, field)]
  if (key === '' && operator !== 'Exists') {
    const rule = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalid(`${field}.operator`, operator, rule))
  }
  if (jsonAt(toleration, 'tolerationSeconds') !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  }
  const wrong = operator === 'Exists' ? undefined : labelValueProblem(value ?? '')
  if (wrong !== undefined) errors.push(invalid(`${field}.operator`, value, wrong))
  if (operator === 'Exists' && value !== '') {
    errors.push(invalid(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'"))
  }
  if (!['', 'Equal', 'Exists'].includes(operator)) {
    errors.push(notSupported(`${field}.operator`, operator, ['Equal', 'Exists']))
  }
  return [
    ...errors,
    ...(effect === '' ? [] : oneOf(toleration, 'effect', ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], field)),
  ]
}

function spreadErrors(constraints: readonly Json[], field: string): FieldError[] {
  const seen = new Set<string>()
  return constraints.flatMap((each, index) => {
    const at = `${field}[${index}]`
    const [key, action] = [textAt(each, 'topologyKey') ?? '', textAt(each, 'whenUnsatisfiable') ?? '']
    const id = `{${key}, ${action}}`
    const isTwice = seen.has(id)
    seen.add(id)
    const least = numberAt(each, 'minDomains')
    const rule = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`
    return [
      ...countErrors(numberAt(each, 'maxSkew') ?? 0, `${at}.maxSkew`),
      ...(key === '' ? [required(`${at}.topologyKey`, 'can not be empty')] : []),
      ...oneOf({ whenUnsatisfiable: action }, 'whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway'], at),
      ...(isTwice ? [duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, id)] : []),
      ...(least === undefined ? [] : countErrors(least, `${at}.minDomains`)),
      ...(least === undefined || action === 'DoNotSchedule' ? [] : [invalid(`${at}.minDomains`, least, rule)]),
      ...['nodeAffinityPolicy', 'nodeTaintsPolicy'].flatMap(name => [...oneOf(each, name, ['Honor', 'Ignore'], at)]),
      ...selectorErrors(jsonAt(each, 'labelSelector'), `${at}.labelSelector`),
    ]
  })
}

function countErrors(count: number, field: string): FieldError[] {
  return count > 0 ? [] : [invalid(field, count, 'must be greater than zero')]
}
