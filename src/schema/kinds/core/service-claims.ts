import type { Claim, ClaimPool, Claims } from '../../claims.ts'
import { invalid } from '../../field-error.ts'
import { changePart } from '../../fill.ts'
import { type Json, isJsonObject, jsonAt, type JsonObject, listAt, numberAt, textAt, textsAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { isNodePort, isServiceAddress, nodePorts, serviceAddresses } from './service-pools.ts'

/**
 * What a service has alone: its address, and its ports of the machines. What lies outside of our ranges, as services from
 * before may have it, nobody else is given either.
 */
export const serviceClaims: Claims = { held, wanted, given }

function held(object: KubeObject): readonly Claim[] {
  const spec = jsonAt(object, 'spec')
  const addresses = textsAt(spec, 'clusterIPs')
    .filter(isServiceAddress)
    .map(item => {
      const why = `failed to allocate IP ${item}: provided IP is already allocated`
      return { pool: serviceAddresses, item, taken: invalid('spec.clusterIPs', textsAt(spec, 'clusterIPs'), why) }
    })
  return [...addresses, ...heldPorts(spec)]
}

function heldPorts(spec: Json | undefined): readonly Claim[] {
  const fields = listAt(spec, 'ports').map((port, index) => ({
    port: numberAt(port, 'nodePort') ?? 0,
    field: `spec.ports[${index}].nodePort`,
  }))
  const all = [...fields, { port: numberAt(spec, 'healthCheckNodePort') ?? 0, field: 'spec.healthCheckNodePort' }]
  // One port of the machines may serve several protocols of a service.
  const once = new Map(all.filter(({ port }) => isNodePort(port)).map(each => [each.port, each]))
  return Array.from(once.values(), ({ port, field }) => {
    return { pool: nodePorts, item: String(port), taken: invalid(field, port, 'provided port is already allocated') }
  })
}

function wanted(object: KubeObject): readonly ClaimPool[] {
  const spec = jsonAt(object, 'spec')
  const ports = new Set(portsWithout(spec).map(port => numberAt(port, 'port')))
  return [
    ...(needsAddress(spec) ? [serviceAddresses] : []),
    ...Array.from(ports, () => nodePorts),
    ...(needsHealthPort(spec) ? [nodePorts] : []),
  ]
}

function given(object: KubeObject, items: readonly string[]): KubeObject {
  const left = [...items]
  return changePart(object, 'spec', spec => {
    const addressed = needsAddress(spec) ? withAddress(spec, left.shift()) : spec
    const ported = withPorts(addressed, left)
    return needsHealthPort(spec) ? { ...ported, healthCheckNodePort: Number(left.shift()) } : ported
  })
}

function withAddress(spec: JsonObject, address: string | undefined): JsonObject {
  return address === undefined ? spec : { ...spec, clusterIP: address, clusterIPs: [address] }
}

// The same number for all protocols of one port.
function withPorts(spec: JsonObject, left: string[]): JsonObject {
  const missing = new Set(portsWithout(spec))
  if (missing.size === 0) return spec
  const chosen = new Map<number | undefined, number>()
  const ports = listAt(spec, 'ports').map(port => {
    if (!missing.has(port) || !isJsonObject(port)) return port
    const number = numberAt(port, 'port')
    const nodePort = chosen.get(number) ?? Number(left.shift())
    chosen.set(number, nodePort)
    return { ...port, nodePort }
  })
  return { ...spec, ports }
}

function needsAddress(spec: Json | undefined): boolean {
  return textAt(spec, 'type') !== 'ExternalName' && (textAt(spec, 'clusterIP') ?? '') === ''
}

function portsWithout(spec: Json | undefined): readonly Json[] {
  const type = textAt(spec, 'type')
  const isGiven =
    type === 'NodePort' || (type === 'LoadBalancer' && jsonAt(spec, 'allocateLoadBalancerNodePorts') !== false)
  return isGiven ? listAt(spec, 'ports').filter(port => (numberAt(port, 'nodePort') ?? 0) === 0) : []
}

// Balancers that send only to machines with a pod of the service must ask the machines.
function needsHealthPort(spec: Json | undefined): boolean {
  const isLocal = textAt(spec, 'type') === 'LoadBalancer' && textAt(spec, 'externalTrafficPolicy') === 'Local'
  return isLocal && (numberAt(spec, 'healthCheckNodePort') ?? 0) === 0
}
