import { duplicate, type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'

/** What is wrong with a pod's spec (k8s.io/kubernetes/pkg/apis/core/validation), for the parts that Cairn will run. */
export function podSpecErrors(spec: Json | undefined, field: string): readonly FieldError[] {
  if (!isJsonObject(spec)) return [required(field)]
  const containers = listAt(spec, 'containers').filter(isJsonObject)
  const init = listAt(spec, 'initContainers').filter(isJsonObject)
  const volumes = new Set(listAt(spec, 'volumes').map(volume => textAt(volume, 'name')))
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...nameErrors([...listAt(spec, 'volumes')], `${field}.volumes`),
    ...nameErrors(containers, `${field}.containers`),
    ...nameErrors(init, `${field}.initContainers`),
    ...containers.flatMap((each, index) => containerErrors(each, volumes, `${field}.containers[${index}]`)),
    ...init.flatMap((each, index) => containerErrors(each, volumes, `${field}.initContainers[${index}]`)),
    ...oneOf(spec, 'restartPolicy', ['Always', 'OnFailure', 'Never'], field),
    ...oneOf(spec, 'dnsPolicy', ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'], field),
  ]
}

/** What is wrong with a word that must be one of a few. */
export function oneOf(object: JsonObject, name: string, allowed: readonly string[], field: string): FieldError[] {
  const value = object[name]
  if (value === undefined || (typeof value === 'string' && allowed.includes(value))) return []
  return [notSupported(`${field}.${name}`, value, allowed)]
}

function nameErrors(items: readonly Json[], field: string): FieldError[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    const name = textAt(item, 'name') ?? ''
    const at = `${field}[${index}].name`
    const problem = name === '' ? undefined : labelProblem(name)
    const isTwice = seen.has(name)
    seen.add(name)
    if (name === '') return [required(at)]
    if (problem !== undefined) return [invalid(at, name, problem)]
    return isTwice ? [duplicate(at, name)] : []
  })
}

function containerErrors(container: JsonObject, volumes: ReadonlySet<string | undefined>, field: string): FieldError[] {
  const image = textAt(container, 'image') ?? ''
  return [
    ...(image === '' ? [required(`${field}.image`)] : []),
    ...(image !== image.trim()
      ? [invalid(`${field}.image`, image, 'must not have leading or trailing whitespace')]
      : []),
    ...oneOf(container, 'imagePullPolicy', ['Always', 'IfNotPresent', 'Never'], field),
    ...listAt(container, 'ports').flatMap((port, index) => portErrors(port, `${field}.ports[${index}]`)),
    ...listAt(container, 'env').flatMap((variable, index) =>
      textAt(variable, 'name') === '' ? [required(`${field}.env[${index}].name`)] : [],
    ),
    ...listAt(container, 'volumeMounts').flatMap((mount, index) =>
      mountErrors(mount, volumes, `${field}.volumeMounts[${index}]`),
    ),
  ]
}

function portErrors(port: Json, field: string): FieldError[] {
  const number = numberAt(port, 'containerPort') ?? 0
  const protocol = jsonAt(port, 'protocol') ?? 'TCP'
  const allowed = ['SCTP', 'TCP', 'UDP']
  return [
    ...(number >= 1 && number <= 65_535
      ? []
      : [invalid(`${field}.containerPort`, number, 'must be between 1 and 65535, inclusive')]),
    ...(typeof protocol === 'string' && allowed.includes(protocol)
      ? []
      : [notSupported(`${field}.protocol`, protocol, allowed)]),
  ]
}

function mountErrors(mount: Json, volumes: ReadonlySet<string | undefined>, field: string): FieldError[] {
  const name = textAt(mount, 'name')
  const errors: FieldError[] = []
  if ((textAt(mount, 'mountPath') ?? '') === '') errors.push(required(`${field}.mountPath`))
  if (name === undefined || name === '') errors.push(required(`${field}.name`))
  else if (!volumes.has(name)) {
    errors.push({ field: `${field}.name`, reason: 'FieldValueInvalid', message: `Not found: "${name}"` })
  }
  return errors
}
