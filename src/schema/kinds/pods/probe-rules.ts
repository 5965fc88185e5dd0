import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { type Json, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import { mustHave, notNegative, oneOf, portNumber, portOrName } from '../../rules.ts'

// k8s.io/kubernetes/pkg/apis/core/validation validateProbe, validateLifecycle, validateHandler.

/** What is wrong with how a container is asked and told; `graceSeconds` is what its pod has to end well. */
export function lifeErrors(container: Json, graceSeconds: number, field: string): readonly FieldError[] {
  return [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap(name =>
      probeErrors(jsonAt(container, name), name, `${field}.${name}`),
    ),
    ...['postStart', 'preStop'].flatMap(name => {
      const hook = jsonAt(container, 'lifecycle', name)
      const at = `${field}.lifecycle.${name}`
      return hook === undefined ? [] : [...handlerErrors(hook, HOOKS, at), ...sleepErrors(hook, graceSeconds, at)]
    }),
  ]
}

const HOOKS = ['exec', 'httpGet', 'tcpSocket', 'sleep']
const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const COUNTS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']

function probeErrors(probe: Json | undefined, name: string, field: string): FieldError[] {
  if (probe === undefined) return []
  const errors = [...handlerErrors(probe, HANDLERS, field), ...notNegative(probe, COUNTS, field)]
  const [successes, grace] = [jsonAt(probe, 'successThreshold'), numberAt(probe, 'terminationGracePeriodSeconds')]
  const at = `${field}.terminationGracePeriodSeconds`
  if (grace !== undefined && grace <= 0) errors.push(invalid(at, grace, 'must be greater than 0'))
  if (name === 'readinessProbe') {
    return grace === undefined ? errors : [...errors, invalid(at, grace, 'must not be set for readinessProbes')]
  }
  if (successes !== undefined && successes !== 1) {
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
  if (first === 'httpGet' || first === 'tcpSocket') errors.push(...portOrName(inner, 'port', `${field}.${first}`))
  if (first === 'httpGet') errors.push(...oneOf(inner, 'scheme', ['HTTP', 'HTTPS'], `${field}.httpGet`))
  if (first === 'httpGet') errors.push(...headerErrors(inner, `${field}.httpGet.httpHeaders`))
  if (first === 'grpc') errors.push(...portNumber(inner, 'port', `${field}.grpc`))
  return errors
}

const HEADER_RULE =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"

function headerErrors(get: Json | undefined, field: string): FieldError[] {
  return listAt(get, 'httpHeaders').flatMap(header => {
    const name = textAt(header, 'name') ?? ''
    return /^[-A-Za-z0-9]+$/.test(name) ? [] : [invalid(field, name, HEADER_RULE)]
  })
}

function sleepErrors(hook: Json, graceSeconds: number, field: string): FieldError[] {
  const seconds = numberAt(hook, 'sleep', 'seconds')
  if (seconds === undefined || (seconds >= 0 && seconds <= graceSeconds)) return []
  const rule = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`
  return [invalid(`${field}.sleep`, seconds, rule)]
}
