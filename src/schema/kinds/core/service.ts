import { at, atOrNone, column, labelsText, wideColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { changePart } from '../../fill.ts'
import { jsonAt, listAt, numberAt, textAt, textsAt } from '../../json.ts'
import { serviceNameProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { serviceClaims } from './service-claims.ts'
import { serviceSpecDefaults } from './service-defaults.ts'
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
  defaults: (object, old) => changePart(object, 'spec', spec => serviceSpecDefaults(spec, old)),
  validate: serviceErrors,
  claims: serviceClaims,
  selectableFields: textFields('spec.clusterIP', 'spec.type'),
})

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
