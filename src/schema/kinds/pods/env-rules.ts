import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, textAt } from '../../json.ts'
import { dataKeyProblem, qualifiedNameProblem, subdomainProblem } from '../../names.ts'
import { mustHave, named } from '../../rules.ts'

// k8s.io/kubernetes/pkg/apis/core/validation ValidateEnv, ValidateEnvFrom.

const VARIABLE_RULE = "a valid environment variable name must consist only of printable ASCII characters other than '='"

/** What is wrong with a variable of a container. */
export function envErrors(variable: Json, field: string): readonly FieldError[] {
  const name = textAt(variable, 'name') ?? ''
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${field}.name`))
  else if (!/^[ -<>-~]+$/.test(name)) errors.push(invalid(`${field}.name`, name, VARIABLE_RULE))
  const source = jsonAt(variable, 'valueFrom')
  if (!isJsonObject(source)) return errors
  return [...errors, ...sourceErrors(source, (textAt(variable, 'value') ?? '') !== '', `${field}.valueFrom`)]
}

function sourceErrors(source: JsonObject, hasValue: boolean, field: string): readonly FieldError[] {
  const names = SOURCES.filter(name => source[name] !== undefined)
  const one = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
  const errors = names.flatMap(name => referenceErrors(name, source[name], `${field}.${name}`))
  if (names.length === 0) return [invalid(field, '', one)]
  if (hasValue) return [...errors, invalid(field, '', 'may not be specified when `value` is not empty')]
  if (names.length === 1) return errors
  return [...errors, invalid(field, '', 'may not have more than one field specified at a time')]
}

const SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'] as const

function referenceErrors(name: string, reference: Json | undefined, field: string): readonly FieldError[] {
  if (name === 'fieldRef') return fieldErrors(reference, ENV_FIELDS, field)
  if (name === 'resourceFieldRef') return resourceFieldErrors(reference, field)
  const key = textAt(reference, 'key') ?? ''
  return [
    ...named(reference, 'name', subdomainProblem, field),
    ...(key === '' ? [required(`${field}.key`)] : named(reference, 'key', dataKeyProblem, field)),
  ]
}

const OWN = ['metadata.name', 'metadata.namespace', 'metadata.uid']
const ENV_FIELDS = [
  ...OWN,
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
/** Fields of a pod that a file may hold. */
export const FILE_FIELDS: readonly string[] = ['metadata.annotations', 'metadata.labels', ...OWN]

/** What is wrong with the name of a field of the pod, such as `metadata.labels['app']`. */
export function fieldErrors(
  reference: Json | undefined,
  known: readonly string[],
  field: string,
): readonly FieldError[] {
  const path = textAt(reference, 'fieldPath') ?? ''
  if (path === '') return [required(`${field}.fieldPath`)]
  const [, map, key = ''] = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(path) ?? []
  if (map === undefined) return known.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, known)]
  const problem = qualifiedNameProblem(map === 'metadata.annotations' ? key.toLowerCase() : key)
  return problem === undefined ? [] : [invalid(field, key, problem)]
}

const RESOURCE_FIELDS = ['limits', 'requests'].flatMap(part =>
  ['cpu', 'ephemeral-storage', 'memory'].map(name => `${part}.${name}`),
)

/** What is wrong with the name of an amount of a container, such as `limits.cpu`. */
export function resourceFieldErrors(reference: Json | undefined, field: string): readonly FieldError[] {
  const resource = textAt(reference, 'resource') ?? ''
  if (resource === '') return [required(`${field}.resource`)]
  if (RESOURCE_FIELDS.includes(resource) || /^(?:limits|requests)\.hugepages-/.test(resource)) return []
  return [notSupported(`${field}.resource`, resource, RESOURCE_FIELDS)]
}

/** What is wrong with a source of many variables. */
export function envFromErrors(source: Json, field: string): readonly FieldError[] {
  const sources = ['configMapRef', 'secretRef'].filter(name => jsonAt(source, name) !== undefined)
  const prefix = textAt(source, 'prefix') ?? ''
  const errors = prefix === '' || /^[ -<>-~]+$/.test(prefix) ? [] : [invalid(`${field}.prefix`, prefix, VARIABLE_RULE)]
  if (sources.length === 0) return [...errors, invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`')]
  if (sources.length > 1) {
    return [...errors, invalid(field, '', 'may not have more than one field specified at a time')]
  }
  return sources.reduce<readonly FieldError[]>((found, name) => {
    const at = `${field}.${name}`
    const reference = jsonAt(source, name)
    return [...found, ...mustHave(reference, 'name', at), ...named(reference, 'name', subdomainProblem, at)]
  }, errors)
}
