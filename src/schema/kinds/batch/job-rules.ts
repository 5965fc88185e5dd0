import { duplicate, type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { type Json, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import { qualifiedNameProblem } from '../../names.ts'
import { notNegative, oneOf } from '../../rules.ts'

// k8s.io/kubernetes/pkg/apis/batch/validation validateJobSpec.

const RULES_MAX = 20
const EXIT_CODES_MAX = 255
const INDEXED_MAX = 100_000

/** What is wrong with how often a job's pods may fail, and when it has succeeded. */
export function jobPolicyErrors(spec: Json | undefined, field: string): readonly FieldError[] {
  return [
    ...indexErrors(spec, field),
    ...failurePolicyErrors(spec, field),
    ...successPolicyErrors(spec, field),
    ...restartErrors(spec, field),
  ]
}

function indexErrors(spec: Json | undefined, field: string): FieldError[] {
  const isIndexed = jsonAt(spec, 'completionMode') === 'Indexed'
  const [failed, completions, parallel] = ['maxFailedIndexes', 'completions', 'parallelism'].map(name =>
    numberAt(spec, name),
  )
  const indexed = ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy']
  const errors = (isIndexed ? [] : indexed.filter(name => jsonAt(spec, name) !== undefined)).map(name =>
    invalid(`${field}.${name}`, jsonAt(spec, name), 'requires indexed completion mode'),
  )
  if (failed !== undefined && jsonAt(spec, 'backoffLimitPerIndex') === undefined) {
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (!isIndexed) return errors
  if (completions === undefined) errors.push(required(`${field}.completions`, 'when completion mode is Indexed'))
  if ((parallel ?? 0) > INDEXED_MAX) {
    const rule = `must be less than or equal to ${INDEXED_MAX} when completion mode is Indexed`
    errors.push(invalid(`${field}.parallelism`, parallel, rule))
  }
  if (failed !== undefined && completions !== undefined && failed > completions) {
    errors.push(invalid(`${field}.maxFailedIndexes`, failed, 'must be less than or equal to completions'))
  }
  return errors
}

function restartErrors(spec: Json | undefined, field: string): FieldError[] {
  const policy = textAt(spec, 'template', 'spec', 'restartPolicy') ?? ''
  const at = `${field}.template.spec.restartPolicy`
  if (policy === '' || policy === 'Always') return [required(at, 'valid values: "OnFailure", "Never"')]
  if (!['Never', 'OnFailure'].includes(policy)) return [notSupported(at, policy, ['Never', 'OnFailure'])]
  const rule = 'only "Never" is supported when podFailurePolicy is specified'
  return policy === 'OnFailure' && jsonAt(spec, 'podFailurePolicy') !== undefined ? [invalid(at, policy, rule)] : []
}

function failurePolicyErrors(spec: Json | undefined, field: string): FieldError[] {
  const policy = jsonAt(spec, 'podFailurePolicy')
  const replacements = policy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']
  const rules = listAt(policy, 'rules')
  const at = `${field}.podFailurePolicy.rules`
  return [
    ...oneOf(spec, 'podReplacementPolicy', replacements, field),
    ...tooMany(at, rules.length, RULES_MAX),
    ...rules.flatMap((rule, index) => failureRuleErrors(spec, rule, `${at}[${index}]`)),
  ]
}

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']

function failureRuleErrors(spec: Json | undefined, rule: Json, field: string): FieldError[] {
  const [codes, conditions] = [jsonAt(rule, 'onExitCodes'), listAt(rule, 'onPodConditions')]
  const isPerIndex = jsonAt(spec, 'backoffLimitPerIndex') !== undefined
  const isLost = jsonAt(rule, 'action') === 'FailIndex' && !isPerIndex
  const both = 'specifying both OnExitCodes and OnPodConditions is not supported'
  const none = 'specifying one of OnExitCodes and OnPodConditions is required'
  return [
    ...worded(rule, 'action', ACTIONS, field),
    ...(isLost ? [invalid(`${field}.action`, 'FailIndex', 'requires the backoffLimitPerIndex to be set')] : []),
    ...(codes === undefined ? [] : exitCodeErrors(spec, codes, `${field}.onExitCodes`)),
    ...tooMany(`${field}.onPodConditions`, conditions.length, RULES_MAX),
    ...conditions.flatMap((condition, index) => {
      const at = `${field}.onPodConditions[${index}]`
      const type = textAt(condition, 'type') ?? ''
      const problem = qualifiedNameProblem(type)
      return [
        ...(problem === undefined ? [] : [invalid(`${at}.type`, type, problem)]),
        ...worded(condition, 'status', ['False', 'True', 'Unknown'], at),
      ]
    }),
    ...(codes !== undefined && conditions.length > 0 ? [valueless(field, both)] : []),
    ...(codes === undefined && conditions.length === 0 ? [valueless(field, none)] : []),
  ]
}

function exitCodeErrors(spec: Json | undefined, codes: Json, field: string): FieldError[] {
  const names = ['containers', 'initContainers'].flatMap(list =>
    listAt(spec, 'template', 'spec', list).map(each => textAt(each, 'name')),
  )
  const name = textAt(codes, 'containerName')
  const values = listAt(codes, 'values').flatMap(value => (typeof value === 'number' ? [value] : []))
  const isIn = jsonAt(codes, 'operator') === 'In'
  const unknown = 'must be one of the container or initContainer names in the pod template'
  const isOrdered = values.every((value, index) => index === 0 || value >= (values[index - 1] ?? value))
  return [
    ...worded(codes, 'operator', ['In', 'NotIn'], field),
    ...(name === undefined || names.includes(name) ? [] : [invalid(`${field}.containerName`, name, unknown)]),
    ...(values.length === 0 ? [invalid(`${field}.values`, values, 'at least one value is required')] : []),
    ...tooMany(`${field}.values`, values.length, EXIT_CODES_MAX),
    ...values.flatMap((value, index) => {
      const at = `${field}.values[${index}]`
      const isTwice = values.indexOf(value) < index
      return [
        ...(isIn && value === 0 ? [invalid(at, value, 'must not be 0 for the In operator')] : []),
        ...(isTwice ? [duplicate(at, value)] : []),
      ]
    }),
    ...(isOrdered ? [] : [invalid(`${field}.values`, values, 'must be ordered')]),
  ]
}

function successPolicyErrors(spec: Json | undefined, field: string): FieldError[] {
  const policy = jsonAt(spec, 'successPolicy')
  if (policy === undefined || jsonAt(spec, 'completionMode') !== 'Indexed') return []
  const rules = listAt(policy, 'rules')
  const at = `${field}.successPolicy.rules`
  const none = 'at least one rules must be specified when the successPolicy is specified'
  const empty = 'at least one of succeededCount or succeededIndexes must be specified'
  const completions = numberAt(spec, 'completions')
  return [
    ...(rules.length === 0 ? [required(at, none)] : []),
    ...tooMany(at, rules.length, RULES_MAX),
    ...rules.flatMap((rule, index) => {
      const place = `${at}[${index}]`
      const count = numberAt(rule, 'succeededCount')
      const isEmpty = count === undefined && jsonAt(rule, 'succeededIndexes') === undefined
      const isMore = count !== undefined && completions !== undefined && count > completions
      const most = `must be less than or equal to ${completions} (the number of specified completions)`
      return [
        ...(isEmpty ? [required(place, empty)] : []),
        ...notNegative(rule, ['succeededCount'], place),
        ...(isMore ? [invalid(`${place}.succeededCount`, count, most)] : []),
      ]
    }),
  ]
}

function worded(object: Json, name: string, words: readonly string[], field: string): readonly FieldError[] {
  const shown = words.map(word => `"${word}"`).join(' ')
  if ((textAt(object, name) ?? '') === '') return [required(`${field}.${name}`, `valid values: [${shown}]`)]
  return oneOf(object, name, words, field)
}

function valueless(field: string, rule: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${rule}` }
}

function tooMany(field: string, count: number, max: number): FieldError[] {
  if (count <= max) return []
  return [{ field, reason: 'FieldValueTooMany', message: `Too many: ${count}: must have at most ${max} items` }]
}
