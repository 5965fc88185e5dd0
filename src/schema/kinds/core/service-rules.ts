import { isCidr, isIPv4, isIPv6, specialAddressProblem } from '../../addresses.ts'
import { duplicate, type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { isSameJson, type Json, jsonAt, listAt, numberAt, textAt, textsAt, wordOf } from '../../json.ts'
import { NODE_PORTS_PER_SERVICE_MAX } from '../../limits.ts'
import { labelProblem, qualifiedNameProblem, subdomainProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { named, oneOf, portNumber, portOrName } from '../../rules.ts'
import { labelErrors } from '../pods/selector.ts'
import { serviceAddressErrors } from './service-addresses.ts'
import { isReachedFromOutside, needsHealthCheck } from './service-defaults.ts'
import { isNodePort, NODE_PORTS } from './service-pools.ts'

/** What is wrong with a Service (k8s.io/kubernetes/pkg/apis/core/validation ValidateService). */
export function serviceErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const [spec, before] = [jsonAt(object, 'spec'), jsonAt(old, 'spec')]
  const type = textAt(spec, 'type')
  const ports = listAt(spec, 'ports')
  const isHeadless = textAt(spec, 'clusterIP') === 'None'
  const isExposed = type === 'NodePort' || type === 'LoadBalancer'
  const rule = `may not be set to 'None' for ${type} services`
  return [
    ...WORDS.flatMap(([name, words]) => oneOf(spec, name, words, 'spec')),
    ...labelErrors(jsonAt(spec, 'selector'), 'spec.selector'),
    ...(ports.length === 0 && !isHeadless && type !== 'ExternalName' ? [required('spec.ports')] : []),
    ...(isHeadless && isExposed ? [invalid('spec.clusterIPs[0]', 'None', rule)] : []),
    ...portErrors(ports),
    ...nodePortErrors(spec, before),
    ...(type === 'ExternalName' ? externalNameErrors(spec) : []),
    ...serviceAddressErrors(spec, before),
    ...externalAddressErrors(spec),
    ...affinityErrors(spec),
    ...trafficErrors(spec, before),
    ...balancerErrors(spec, before),
  ]
}

const WORDS: readonly (readonly [string, readonly string[]])[] = [
  ['type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']],
  ['sessionAffinity', ['ClientIP', 'None']],
  ['internalTrafficPolicy', ['Cluster', 'Local']],
  ['ipFamilyPolicy', ['PreferDualStack', 'RequireDualStack', 'SingleStack']],
  ['trafficDistribution', ['PreferClose']],
]

function portErrors(ports: readonly Json[]): FieldError[] {
  const [names, numbers] = [new Set<string>(), new Set<string>()]
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`
    const name = textAt(port, 'name') ?? ''
    const [number, protocol] = [numberAt(port, 'port') ?? 0, textAt(port, 'protocol') ?? '']
    const id = `${number}/${protocol}`
    const [isNamed, isTaken] = [name !== '' && names.has(name), numbers.has(id)]
    names.add(name)
    numbers.add(id)
    return [
      ...(ports.length > 1 && name === '' ? [required(`${at}.name`)] : []),
      ...named(port, 'name', labelProblem, at),
      ...(isNamed ? [duplicate(`${at}.name`, name)] : []),
      ...portNumber(port, 'port', at),
      ...oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], at),
      ...portOrName(port, 'targetPort', at),
      ...named(port, 'appProtocol', qualifiedNameProblem, at),
      ...(isTaken ? [duplicate(at, { port: number, protocol })] : []),
    ]
  })
}

const PORT_RANGE = `provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.from}-${NODE_PORTS.to}`

// What it has already it may keep.
function nodePortErrors(spec: Json | undefined, before: Json | undefined): FieldError[] {
  const kept = new Set(listAt(before, 'ports').map(port => numberAt(port, 'nodePort')))
  const seen = new Set<string>()
  const ports = listAt(spec, 'ports')
  const isExposed = ['NodePort', 'LoadBalancer'].includes(textAt(spec, 'type') ?? '')
  const max = NODE_PORTS_PER_SERVICE_MAX
  if (isExposed && ports.length > max) return [tooMany('spec.ports', ports.length, max)]
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}].nodePort`
    const number = numberAt(port, 'nodePort') ?? 0
    if (number === 0) return []
    if (textAt(spec, 'type') === 'ClusterIP') return [forbidden(at, "may not be used when `type` is 'ClusterIP'")]
    const id = `${number}/${textAt(port, 'protocol') ?? ''}`
    const isTwice = seen.has(id)
    seen.add(id)
    return [
      ...(isTwice ? [duplicate(at, number)] : []),
      ...(kept.has(number) || isNodePort(number) ? [] : [invalid(at, number, PORT_RANGE)]),
    ]
  })
}

function tooMany(field: string, count: number, max: number): FieldError {
  return { field, reason: 'FieldValueTooMany', message: `Too many: ${count}: must have at most ${max} items` }
}

function externalNameErrors(spec: Json | undefined): readonly FieldError[] {
  const name = (textAt(spec, 'externalName') ?? '').replace(/\.$/, '')
  if (name === '') return [required('spec.externalName')]
  return named({ externalName: name }, 'externalName', subdomainProblem, 'spec')
}

function externalAddressErrors(spec: Json | undefined): readonly FieldError[] {
  return listAt(spec, 'externalIPs').flatMap((each, index) => {
    const address = wordOf(each)
    const rule = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
    const problem = isIPv4(address) || isIPv6(address) ? specialAddressProblem(address) : rule
    return problem === undefined ? [] : [invalid(`spec.externalIPs[${index}]`, each, problem)]
  })
}

function affinityErrors(spec: Json | undefined): readonly FieldError[] {
  const seconds = jsonAt(spec, 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds')
  const field = 'spec.sessionAffinityConfig'
  if (jsonAt(spec, 'sessionAffinity') !== 'ClientIP') {
    const isSet = jsonAt(spec, 'sessionAffinityConfig') !== undefined
    return isSet ? [forbidden(field, 'must not be set when session affinity is None')] : []
  }
  const isGood = typeof seconds === 'number' && seconds > 0 && seconds <= 86_400
  if (isGood) return []
  return [invalid(`${field}.clientIP.timeoutSeconds`, seconds, 'must be greater than 0 and less than 86400')]
}

function trafficErrors(spec: Json | undefined, before: Json | undefined): readonly FieldError[] {
  const policy = textAt(spec, 'externalTrafficPolicy') ?? ''
  const port = numberAt(spec, 'healthCheckNodePort') ?? 0
  const at = 'spec.healthCheckNodePort'
  const errors = isReachedFromOutside(spec)
    ? [...oneOf(spec, 'externalTrafficPolicy', ['Cluster', 'Local'], 'spec')]
    : policy === ''
      ? []
      : [invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services')]
  if (!needsHealthCheck(spec)) {
    const rule = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    return port === 0 ? errors : [...errors, invalid(at, port, rule)]
  }
  const was = numberAt(before, 'healthCheckNodePort') ?? 0
  if (needsHealthCheck(before) && was !== 0 && was !== port) return [...errors, forbidden(at, 'field is immutable')]
  return port === 0 || port === was || isNodePort(port) ? errors : [...errors, invalid(at, port, PORT_RANGE)]
}

const BALANCER = "may only be used when `type` is 'LoadBalancer'"

function balancerErrors(spec: Json | undefined, before: Json | undefined): readonly FieldError[] {
  const isBalanced = textAt(spec, 'type') === 'LoadBalancer'
  const fields = ['allocateLoadBalancerNodePorts', 'loadBalancerClass'].filter(name => jsonAt(spec, name) !== undefined)
  const ranges = textsAt(spec, 'loadBalancerSourceRanges')
  const isMoved =
    isBalanced &&
    textAt(before, 'type') === 'LoadBalancer' &&
    !isSameJson(jsonAt(spec, 'loadBalancerClass'), jsonAt(before, 'loadBalancerClass'))
  return [
    ...(isBalanced ? [] : fields.map(name => forbidden(`spec.${name}`, BALANCER))),
    ...(isBalanced ? named(spec, 'loadBalancerClass', qualifiedNameProblem, 'spec') : []),
    ...(isMoved
      ? [invalid('spec.loadBalancerClass', jsonAt(spec, 'loadBalancerClass'), 'may not change once set')]
      : []),
    ...(ranges.length > 0 && !isBalanced ? [forbidden('spec.LoadBalancerSourceRanges', BALANCER)] : []),
    ...ranges.flatMap((range, index) =>
      isCidr(range.trim())
        ? []
        : [
            invalid(
              `spec.LoadBalancerSourceRanges[${index}]`,
              range,
              'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
            ),
          ],
    ),
  ]
}
