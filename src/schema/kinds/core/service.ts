import { at, atOrNone, column, labelsText, wideColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { changeEach, changeObject, changePart, fill } from '../../fill.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, listAt, numberAt, textAt, textsAt } from '../../json.ts'
import { serviceNameProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { serviceErrors } from './service-rules.ts'

/** One address for many pods. Its addresses and ports of the machine are given out by who serves it. */
export const service = defineResource({
  group: '',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  shape: kubernetesShape('V1Service'),
  nameProblem: serviceNameProblem,
  hasStatus: true,
  columns: [
    column('Type', at('spec.type')),
    column('Cluster-IP', atOrNone('spec.clusterIP')),
    column('External-IP', externalText),
    column('Port(s)', portsText),
    wideColumn('Selector', object => labelsText(jsonAt(object, 'spec', 'selector'))),
  ],
  defaults: (object, old) => changePart(object, 'spec', spec => specDefaults(keptFrom(old, spec))),
  validate: serviceErrors,
  selectableFields: textFields('spec.clusterIP', 'spec.type'),
})

function specDefaults(spec: JsonObject): JsonObject {
  const address = spec['clusterIP'] === undefined || spec['clusterIP'] === '' ? {} : { clusterIPs: [spec['clusterIP']] }
  const typed = fill(spec, { type: 'ClusterIP', sessionAffinity: 'None', ...address })
  const type = textAt(typed, 'type')
  const isExposed = type === 'NodePort' || type === 'LoadBalancer'
  const filled = fill(typed, {
    ...(type === 'ExternalName'
      ? {}
      : { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }),
    ...(isExposed ? { externalTrafficPolicy: 'Cluster' } : {}),
    ...(type === 'LoadBalancer' ? { allocateLoadBalancerNodePorts: true } : {}),
    ...(typed['sessionAffinity'] === 'ClientIP' ? { sessionAffinityConfig: {} } : {}),
  })
  const sticky = changeObject(filled, 'sessionAffinityConfig', config =>
    changeObject(fill(config, { clientIP: {} }), 'clientIP', client => fill(client, { timeoutSeconds: 10_800 })),
  )
  return changeEach(sticky, 'ports', port => fill(port, { protocol: 'TCP', targetPort: port['port'] }))
}

// What was given out stays, when people send the object without it.
function keptFrom(old: KubeObject | undefined, spec: JsonObject): JsonObject {
  const before = old?.['spec']
  const isName = (each: Json | undefined) => textAt(each, 'type') === 'ExternalName'
  if (!isJsonObject(before) || isName(before) || isName(spec)) return spec
  const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy, healthCheckNodePort } = before
  const address = spec['clusterIP'] === undefined && spec['clusterIPs'] === undefined ? { clusterIP, clusterIPs } : {}
  const isExposed = ['NodePort', 'LoadBalancer'].includes(textAt(spec, 'type') ?? '')
  const kept = fill(
    spec,
    defined({ ...address, ipFamilies, ipFamilyPolicy, ...(isExposed ? { healthCheckNodePort } : {}) }),
  )
  return isExposed ? changeEach(kept, 'ports', port => fill(port, nodePortOf(before, port))) : kept
}

function nodePortOf(before: JsonObject, port: JsonObject): JsonObject {
  const same = listAt(before, 'ports').find(
    each => jsonAt(each, 'port') === port['port'] && jsonAt(each, 'protocol') === (port['protocol'] ?? 'TCP'),
  )
  const nodePort = numberAt(same, 'nodePort')
  return nodePort === undefined ? {} : { nodePort }
}

function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

function externalText(object: KubeObject): string {
  const type = textAt(object, 'spec', 'type')
  const given = textsAt(object, 'spec', 'externalIPs')
  if (type === 'ExternalName') return textAt(object, 'spec', 'externalName') ?? '<none>'
  if (type !== 'LoadBalancer') return given.join(',') || '<none>'
  const balanced = listAt(object, 'status', 'loadBalancer', 'ingress').flatMap(
    each => textAt(each, 'ip') ?? textAt(each, 'hostname') ?? [],
  )
  return [...balanced, ...given].join(',') || '<pending>'
}

function portsText(object: KubeObject): string {
  const ports = listAt(object, 'spec', 'ports').map(port => {
    const node = numberAt(port, 'nodePort') ?? 0
    return `${numberAt(port, 'port') ?? 0}${node === 0 ? '' : `:${node}`}/${textAt(port, 'protocol') ?? ''}`
  })
  return ports.join(',') || '<none>'
}
