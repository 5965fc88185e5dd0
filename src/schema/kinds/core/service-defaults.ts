import { isIPv6 } from '../../addresses.ts'
import { changeEach, changeObject, fill } from '../../fill.ts'
import {
  isJsonObject,
  isSameJson,
  type Json,
  jsonAt,
  type JsonObject,
  listAt,
  numberAt,
  textAt,
  textsAt,
} from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { without } from '../../rules.ts'

/**
 * The spec of a service with what people may leave out: what it had stays, what only the type it had could have goes
 * (k8s.io/kubernetes/pkg/registry/core/service patchAllocatedValues, dropTypeDependentFields).
 */
export function serviceSpecDefaults(given: JsonObject, old: KubeObject | undefined): JsonObject {
  const before = old?.['spec']
  const spec = fill(given, { type: 'ClusterIP', sessionAffinity: 'None' })
  const kept = isJsonObject(before) ? keptFrom(before, withoutStale(before, spec)) : spec
  return withFamilies(withPolicies(kept), isJsonObject(before) ? before : undefined)
}

function withPolicies(spec: JsonObject): JsonObject {
  const type = textAt(spec, 'type')
  const filled = fill(spec, {
    ...(type === 'ExternalName' ? {} : { internalTrafficPolicy: 'Cluster' }),
    ...(isReachedFromOutside(spec) ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
    ...(spec['sessionAffinity'] === 'ClientIP' ? { sessionAffinityConfig: {} } : {}),
  })
  const sticky = changeObject(filled, 'sessionAffinityConfig', config =>
    changeObject(fill(config, { clientIP: {} }), 'clientIP', client => fill(client, { timeoutSeconds: 10_800 })),
  )
  return changeEach(sticky, 'ports', port => fill(port, { protocol: 'TCP', targetPort: port['port'] }))
}

// The services' range has addresses of IPv4 only. What has no address and no selector may be of both families.
function withFamilies(spec: JsonObject, before: JsonObject | undefined): JsonObject {
  if (textAt(spec, 'type') === 'ExternalName') return spec
  const address = textAt(spec, 'clusterIP') ?? ''
  const named = address === '' ? spec : fill(spec, { clusterIPs: [address] })
  const isFree = address === 'None' && isEmpty(spec['selector'])
  const policy = textAt(named, 'ipFamilyPolicy') ?? (isFree ? 'RequireDualStack' : 'SingleStack')
  const first = isIPv6(address) ? 'IPv6' : 'IPv4'
  const given = textsAt(named, 'ipFamilies')
  const families = given.length === 0 ? [first] : given
  const other = families[0] === 'IPv4' ? 'IPv6' : 'IPv4'
  const isBoth = isFree && policy !== 'SingleStack' && families.length < 2
  const wasBoth = before !== undefined && before['ipFamilyPolicy'] !== 'SingleStack'
  const isReduced = policy === 'SingleStack' && wasBoth && isSameJson(before['ipFamilies'], families)
  const ipFamilies = isBoth ? [...families, other] : isReduced ? families.slice(0, 1) : families
  return { ...named, ipFamilyPolicy: policy, ipFamilies }
}

// One that finds nothing by itself.
function isEmpty(selector: Json | undefined): boolean {
  return !isJsonObject(selector) || Object.keys(selector).length === 0
}

/** True for services that are reached from outside. */
export function isReachedFromOutside(spec: Json | undefined): boolean {
  const type = textAt(spec, 'type')
  if (type === 'NodePort' || type === 'LoadBalancer') return true
  return type === 'ClusterIP' && listAt(spec, 'externalIPs').length > 0
}

/** True for services whose balancer asks the machines which of them have a pod. */
export function needsHealthCheck(spec: Json | undefined): boolean {
  return textAt(spec, 'type') === 'LoadBalancer' && textAt(spec, 'externalTrafficPolicy') === 'Local'
}

function hasNodePorts(spec: Json | undefined): boolean {
  return ['NodePort', 'LoadBalancer'].includes(textAt(spec, 'type') ?? '')
}

function isName(spec: Json | undefined): boolean {
  return textAt(spec, 'type') === 'ExternalName'
}

function isBalanced(spec: Json | undefined): boolean {
  return textAt(spec, 'type') === 'LoadBalancer'
}

// Fields that go together, and which services have them.
const DEPENDENT: readonly (readonly [readonly string[], (spec: Json | undefined) => boolean])[] = [
  [['clusterIP', 'clusterIPs'], spec => !isName(spec)],
  [['ipFamilies'], spec => !isName(spec)],
  [['ipFamilyPolicy'], spec => !isName(spec)],
  [['healthCheckNodePort'], needsHealthCheck],
  [['allocateLoadBalancerNodePorts'], isBalanced],
  [['loadBalancerClass'], isBalanced],
  [['externalTrafficPolicy'], isReachedFromOutside],
]

// What the service had, sent again although its type has it no more, is not meant. What is sent anew is, and is refused.
function withoutStale(before: JsonObject, spec: JsonObject): JsonObject {
  const stale = DEPENDENT.flatMap(([names, has]) => {
    const isSame = names.every(name => isSameJson(spec[name], before[name]))
    return has(before) && !has(spec) && isSame ? names : []
  })
  const rest = stale.length === 0 ? spec : without(spec, stale)
  if (!hasNodePorts(before) || hasNodePorts(spec)) return rest
  const numbers = (each: JsonObject) => listAt(each, 'ports').map(port => jsonAt(port, 'nodePort') ?? 0)
  if (!isSameJson(numbers(rest), numbers(before))) return rest
  return changeEach(rest, 'ports', port => without(port, ['nodePort']))
}

// What was given out stays, when people send the object without it.
function keptFrom(before: JsonObject, spec: JsonObject): JsonObject {
  if (isName(before) || isName(spec)) return spec
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, healthCheckNodePort } = before
  const address = (spec['clusterIP'] ?? '') === '' && listAt(spec, 'clusterIPs').length === 0
  const kept = defined({
    ...spec,
    ...(address ? { clusterIP, clusterIPs } : {}),
    ipFamilies: spec['ipFamilies'] ?? ipFamilies,
    ipFamilyPolicy: spec['ipFamilyPolicy'] ?? ipFamilyPolicy,
    ...(needsHealthCheck(spec) ? { healthCheckNodePort: spec['healthCheckNodePort'] || healthCheckNodePort } : {}),
  })
  return hasNodePorts(before) && hasNodePorts(spec) ? withPortsOf(before, kept) : kept
}

// Each number once: who moves one to another port has said so.
function withPortsOf(before: JsonObject, spec: JsonObject): JsonObject {
  const taken = new Set(listAt(spec, 'ports').map(port => numberAt(port, 'nodePort') ?? 0))
  return changeEach(spec, 'ports', port => {
    if ((numberAt(port, 'nodePort') ?? 0) !== 0) return port
    const same = listAt(before, 'ports').find(
      each => jsonAt(each, 'port') === port['port'] && jsonAt(each, 'protocol') === (port['protocol'] ?? 'TCP'),
    )
    const nodePort = numberAt(same, 'nodePort') ?? 0
    return nodePort === 0 || taken.has(nodePort) ? port : { ...port, nodePort }
  })
}

function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
