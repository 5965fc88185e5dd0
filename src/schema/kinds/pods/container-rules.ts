import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, listAt, textAt, wordOf } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import { compareQuantities, quantityOf } from '../../quantity.ts'
import { mustHave, notNegative, oneOf, portNameProblem, portNumber, portOrName, positive } from '../../rules.ts'

/** What is wrong with the names of a pod's containers: each is there once in the whole pod. */
export function containerNameErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const seen = new Set<string>()
  return ['containers', 'initContainers'].flatMap(list => nameErrors(listAt(spec, list), `${field}.${list}`, seen))
}

/** What is wrong with names that items of a list are known by; `seen` has those that are taken. */
export function nameErrors(
  items: readonly Json[],
  field: string,
  seen: Set<string> = new Set(),
): readonly FieldError[] {
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

/** What is wrong with a container; `volumes` are the names of those of its pod. */
export function containerErrors(
  container: Json,
  volumes: ReadonlySet<string | undefined>,
  field: string,
): readonly FieldError[] {
  const image = textAt(container, 'image') ?? ''
  const isPadded = image !== image.trim()
  const padded = 'must not have leading or trailing whitespace'
  return [
    ...(image === '' ? [required(`${field}.image`)] : []),
    ...(isPadded ? [invalid(`${field}.image`, image, padded)] : []),
    ...oneOf(container, 'imagePullPolicy', ['Always', 'IfNotPresent', 'Never'], field),
    ...oneOf(container, 'terminationMessagePolicy', ['File', 'FallbackToLogsOnError'], field),
    ...portErrors(listAt(container, 'ports'), `${field}.ports`),
    ...listAt(container, 'env').flatMap((each, index) => envErrors(each, `${field}.env[${index}]`)),
    ...listAt(container, 'envFrom').flatMap((each, index) => envFromErrors(each, `${field}.envFrom[${index}]`)),
    ...mountErrors(listAt(container, 'volumeMounts'), volumes, `${field}.volumeMounts`),
    ...resourceErrors(jsonAt(container, 'resources'), `${field}.resources`),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap(name =>
      probeErrors(jsonAt(container, name), name, `${field}.${name}`),
    ),
    ...['postStart', 'preStop'].flatMap(name => {
      const hook = jsonAt(container, 'lifecycle', name)
      return hook === undefined ? [] : handlerErrors(hook, HOOKS, `${field}.lifecycle.${name}`)
    }),
  ]
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const HOOKS = ['exec', 'httpGet', 'sleep', 'tcpSocket']
const HANDLERS = ['exec', 'grpc', 'httpGet', 'tcpSocket']

function portErrors(ports: readonly Json[], field: string): FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`
    const name = textAt(port, 'name')
    const protocol = jsonAt(port, 'protocol') ?? 'TCP'
    const isKnown = typeof protocol === 'string' && PROTOCOLS.includes(protocol)
    const problem = name === undefined ? undefined : portNameProblem(name)
    const isTwice = name !== undefined && names.has(name)
    if (name !== undefined) names.add(name)
    return [
      ...(problem === undefined ? [] : [invalid(`${at}.name`, name, problem)]),
      ...(isTwice ? [duplicate(`${at}.name`, name)] : []),
      ...portNumber(port, 'containerPort', at),
      ...(jsonAt(port, 'hostPort') === undefined || jsonAt(port, 'hostPort') === 0
        ? []
        : portNumber(port, 'hostPort', at)),
      ...(isKnown ? [] : [notSupported(`${at}.protocol`, protocol, PROTOCOLS)]),
    ]
  })
}

function envErrors(variable: Json, field: string): FieldError[] {
  const name = textAt(variable, 'name') ?? ''
  if (name === '') return [required(`${field}.name`)]
  const rule = "a valid environment variable name must consist only of printable ASCII characters other than '='"
  const errors = /^[ -<>-~]+$/.test(name) ? [] : [invalid(`${field}.name`, name, rule)]
  const source = jsonAt(variable, 'valueFrom')
  if (!isJsonObject(source)) return errors
  const hasValue = (textAt(variable, 'value') ?? '') !== ''
  if (hasValue) return [...errors, invalid(`${field}.valueFrom`, '', 'may not be specified when `value` is not empty')]
  if (Object.keys(source).length === 1) return errors
  const one = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
  const many = 'may not have more than one field specified at a time'
  return [...errors, invalid(`${field}.valueFrom`, '', Object.keys(source).length === 0 ? one : many)]
}

function envFromErrors(source: Json, field: string): FieldError[] {
  const sources = ['configMapRef', 'secretRef'].filter(name => jsonAt(source, name) !== undefined)
  if (sources.length === 0) return [invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`')]
  if (sources.length > 1) return [invalid(field, '', 'may not have more than one field specified at a time')]
  return sources.flatMap(name => [...mustHave(jsonAt(source, name), 'name', `${field}.${name}`)])
}

function mountErrors(mounts: readonly Json[], volumes: ReadonlySet<string | undefined>, field: string): FieldError[] {
  const paths = new Set<string>()
  return mounts.flatMap((mount, index) => {
    const at = `${field}[${index}]`
    const [name, path] = [textAt(mount, 'name') ?? '', textAt(mount, 'mountPath') ?? '']
    const isTwice = path !== '' && paths.has(path)
    paths.add(path)
    const errors: FieldError[] = []
    if (path === '') errors.push(required(`${at}.mountPath`))
    if (isTwice) errors.push(invalid(`${at}.mountPath`, path, 'must be unique'))
    if (name === '') errors.push(required(`${at}.name`))
    else if (!volumes.has(name)) {
      errors.push({ field: `${at}.name`, reason: 'FieldValueNotFound', message: `Not found: "${name}"` })
    }
    return [...errors, ...subPathErrors(mount, at)]
  })
}

function subPathErrors(mount: Json, field: string): FieldError[] {
  const path = textAt(mount, 'subPath')
  if (path === undefined) return []
  if (path.startsWith('/')) return [invalid(`${field}.subPath`, path, 'must be a relative path')]
  return path.split('/').includes('..') ? [invalid(`${field}.subPath`, path, "must not contain '..'")] : []
}

/** What is wrong with what is requested and what is allowed of resources such as cpu and memory. */
export function resourceErrors(resources: Json | undefined, field: string): readonly FieldError[] {
  const limits = jsonAt(resources, 'limits')
  const requests = jsonAt(resources, 'requests')
  return [
    ...amountErrors(limits, `${field}.limits`),
    ...amountErrors(requests, `${field}.requests`),
    ...Object.entries(isJsonObject(requests) ? requests : {}).flatMap(([name, value]) => {
      const [wanted, allowed] = [quantityOf(value), quantityOf(jsonAt(limits, name))]
      if (wanted === undefined || allowed === undefined || compareQuantities(wanted, allowed) <= 0) return []
      const rule = `must be less than or equal to ${name} limit of ${wordOf(jsonAt(limits, name))}`
      return [invalid(`${field}.requests`, value, rule)]
    }),
  ]
}

/** What is wrong with amounts by name: none is below zero. */
export function amountErrors(amounts: Json | undefined, field: string): readonly FieldError[] {
  if (!isJsonObject(amounts)) return []
  return Object.entries(amounts).flatMap(([name, value]) => {
    const quantity = quantityOf(value)
    const isBelow = quantity !== undefined && quantity.nanos < 0n
    return isBelow ? [invalid(`${field}[${name}]`, value, 'must be greater than or equal to 0')] : []
  })
}

function probeErrors(probe: Json | undefined, name: string, field: string): FieldError[] {
  if (probe === undefined) return []
  const errors = handlerErrors(probe, HANDLERS, field)
  errors.push(...notNegative(probe, ['initialDelaySeconds'], field))
  errors.push(...positive(probe, ['timeoutSeconds', 'periodSeconds', 'failureThreshold', 'successThreshold'], field))
  const successes = jsonAt(probe, 'successThreshold')
  if (name !== 'readinessProbe' && successes !== undefined && successes !== 1) {
    errors.push(invalid(`${field}.successThreshold`, successes, 'must be 1'))
  }
  return errors
}

function handlerErrors(handler: Json, kinds: readonly string[], field: string): FieldError[] {
  const [first, ...others] = kinds.filter(kind => jsonAt(handler, kind) !== undefined)
  if (first === undefined) return [required(field, 'must specify a handler type')]
  const errors = others.map(kind => forbidden(`${field}.${kind}`, 'may not specify more than 1 handler type'))
  const inner = jsonAt(handler, first)
  if (first === 'exec' && listAt(inner, 'command').length === 0) errors.push(required(`${field}.exec.command`))
  if (first === 'httpGet') errors.push(...mustHave(inner, 'path', `${field}.httpGet`))
  if (first === 'httpGet') errors.push(...oneOf(inner, 'scheme', ['HTTP', 'HTTPS'], `${field}.httpGet`))
  if (first === 'httpGet' || first === 'tcpSocket') errors.push(...portOrName(inner, 'port', `${field}.${first}`))
  if (first === 'grpc') errors.push(...portNumber(inner, 'port', `${field}.grpc`))
  return errors
}
