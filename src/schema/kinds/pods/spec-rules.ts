import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, textAt } from '../../json.ts'
import { subdomainProblem } from '../../names.ts'
import { mustHave, named, notNegative, oneOf, positive } from '../../rules.ts'
import { containerErrors, containerNameErrors } from './container-rules.ts'
import { labelErrors } from './selector.ts'
import { volumeErrors } from './volume-rules.ts'

/** What is wrong with a pod's spec (k8s.io/kubernetes/pkg/apis/core/validation), for the parts that Cairn will run. */
export function podSpecErrors(spec: Json | undefined, field: string): readonly FieldError[] {
  if (!isJsonObject(spec)) return [required(field)]
  const containers = listAt(spec, 'containers')
  const init = listAt(spec, 'initContainers')
  const volumes = new Set(listAt(spec, 'volumes').map(volume => textAt(volume, 'name')))
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...volumeErrors(listAt(spec, 'volumes'), `${field}.volumes`),
    ...containerNameErrors(spec, field),
    ...containers.flatMap((each, index) => containerErrors(each, volumes, `${field}.containers[${index}]`)),
    ...init.flatMap((each, index) => containerErrors(each, volumes, `${field}.initContainers[${index}]`)),
    ...init.flatMap((each, index) => initErrors(each, `${field}.initContainers[${index}]`)),
    ...ephemeralErrors(spec, field),
    ...oneOf(spec, 'restartPolicy', ['Always', 'OnFailure', 'Never'], field),
    ...dnsErrors(spec, field),
    ...oneOf(spec, 'preemptionPolicy', ['PreemptLowerPriority', 'Never'], field),
    ...notNegative(spec, ['terminationGracePeriodSeconds'], field),
    ...positive(spec, ['activeDeadlineSeconds'], field),
    ...named(spec, 'serviceAccountName', subdomainProblem, field),
    ...named(spec, 'nodeName', subdomainProblem, field),
    ...named(spec, 'hostname', hostnameProblem, field),
    ...named(spec, 'subdomain', hostnameProblem, field),
    ...labelErrors(spec['nodeSelector'], `${field}.nodeSelector`),
    ...placementErrors(spec, field),
    ...hostPortErrors(spec, field),
  ]
}

function hostnameProblem(name: string): string | undefined {
  return name.length > 63 || name.includes('.') ? 'must be a DNS label of RFC 1123' : subdomainProblem(name)
}

// A container of the beginning ends before the next begins, unless it restarts always.
function initErrors(container: Json, field: string): FieldError[] {
  const policy = jsonAt(container, 'restartPolicy')
  if (policy === 'Always') return []
  const errors: FieldError[] = []
  if (policy !== undefined) errors.push(...oneOf(container, 'restartPolicy', ['Always'], field))
  for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
    const isSet = jsonAt(container, name) !== undefined
    if (isSet)
      errors.push(forbidden(`${field}.${name}`, 'may not be set for init containers without restartPolicy=Always'))
  }
  return errors
}

function ephemeralErrors(spec: JsonObject, field: string): FieldError[] {
  return listAt(spec, 'ephemeralContainers').flatMap((each, index) => {
    const at = `${field}.ephemeralContainers[${index}]`
    return [...mustHave(each, 'name', at), ...mustHave(each, 'image', at)]
  })
}

function dnsErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
  const servers = listAt(spec, 'dnsConfig', 'nameservers')
  const errors = [...oneOf(spec, 'dnsPolicy', policies, field)]
  if (spec['dnsPolicy'] === 'None' && servers.length === 0) {
    const rule = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    errors.push(required(`${field}.dnsConfig.nameservers`, rule))
  }
  if (servers.length > 3) {
    errors.push(invalid(`${field}.dnsConfig.nameservers`, servers, 'must not have more than 3 nameservers'))
  }
  return errors
}

function placementErrors(spec: JsonObject, field: string): readonly FieldError[] {
  return [
    ...listAt(spec, 'tolerations').flatMap((each, index) => tolerationErrors(each, `${field}.tolerations[${index}]`)),
    ...listAt(spec, 'topologySpreadConstraints').flatMap((each, index) => {
      const at = `${field}.topologySpreadConstraints[${index}]`
      const actions = ['DoNotSchedule', 'ScheduleAnyway']
      return [
        ...positive(each, ['maxSkew'], at),
        ...mustHave(each, 'topologyKey', at),
        ...oneOf(each, 'whenUnsatisfiable', actions, at),
      ]
    }),
    ...listAt(spec, 'hostAliases').flatMap((each, index) => mustHave(each, 'ip', `${field}.hostAliases[${index}]`)),
  ]
}

function tolerationErrors(toleration: Json, field: string): FieldError[] {
  const operator = textAt(toleration, 'operator') ?? 'Equal'
  const errors = [...oneOf(toleration, 'effect', ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], field)]
  errors.push(...oneOf(toleration, 'operator', ['Equal', 'Exists'], field))
  const hasKey = (textAt(toleration, 'key') ?? '') !== ''
  if (!hasKey && operator !== 'Exists') {
    const rule = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalid(`${field}.operator`, operator, rule))
  }
  if (operator === 'Exists' && (textAt(toleration, 'value') ?? '') !== '') {
    const rule = "value must be empty when `operator` is 'Exists'"
    errors.push(invalid(`${field}.operator`, textAt(toleration, 'value'), rule))
  }
  return errors
}

// On the host's network a container has the ports of the host.
function hostPortErrors(spec: JsonObject, field: string): FieldError[] {
  if (spec['hostNetwork'] !== true) return []
  return listAt(spec, 'containers').flatMap((container, index) =>
    listAt(container, 'ports').flatMap((port, place) => {
      const [inside, outside] = [jsonAt(port, 'containerPort'), jsonAt(port, 'hostPort')]
      if (outside === undefined || outside === inside) return []
      const at = `${field}.containers[${index}].ports[${place}].containerPort`
      return [invalid(at, inside, 'must match `hostPort` when `hostNetwork` is true')]
    }),
  )
}
