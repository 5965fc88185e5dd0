import { isCidr } from '../../addresses.ts'
import { column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { changeEach, changePart, fill } from '../../fill.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, listAt, textAt, textsAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { oneOf, portOrName } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { selectorErrors, selectorText } from '../pods/selector.ts'

/** Who may talk to pods, and to whom pods may talk. */
export const networkPolicy = defineResource({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  shape: kubernetesShape('V1NetworkPolicy'),
  columns: [column('Pod-Selector', object => selectorText(jsonAt(object, 'spec', 'podSelector')))],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate: policyErrors,
})

function specDefaults(spec: JsonObject): JsonObject {
  const types = listAt(spec, 'egress').length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  const filled = fill(spec, { podSelector: {}, policyTypes: types })
  return ['ingress', 'egress'].reduce(
    (made, way) => changeEach(made, way, rule => changeEach(rule, 'ports', port => fill(port, { protocol: 'TCP' }))),
    filled,
  )
}

function policyErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const types = ['Egress', 'Ingress']
  return [
    ...selectorErrors(jsonAt(spec, 'podSelector'), 'spec.podSelector'),
    ...listAt(spec, 'policyTypes').flatMap((type, index) =>
      typeof type === 'string' && types.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, types)],
    ),
    ...listAt(spec, 'ingress').flatMap((rule, index) => ruleErrors(rule, 'from', `spec.ingress[${index}]`)),
    ...listAt(spec, 'egress').flatMap((rule, index) => ruleErrors(rule, 'to', `spec.egress[${index}]`)),
  ]
}

function ruleErrors(rule: Json, peers: string, field: string): readonly FieldError[] {
  return [
    ...listAt(rule, 'ports').flatMap((port, index) => portErrors(port, `${field}.ports[${index}]`)),
    ...listAt(rule, peers).flatMap((peer, index) => peerErrors(peer, `${field}.${peers}[${index}]`)),
  ]
}

function portErrors(port: Json, field: string): readonly FieldError[] {
  const errors = [...oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], field), ...portOrName(port, 'port', field)]
  const [from, to] = [jsonAt(port, 'port'), jsonAt(port, 'endPort')]
  if (to === undefined) return errors
  if (typeof from !== 'number') return [...errors, required(`${field}.port`, 'must be specified when `endPort` is')]
  if (Number(to) < from) errors.push(invalid(`${field}.endPort`, to, 'must be greater than or equal to `port`'))
  return errors
}

function peerErrors(peer: Json, field: string): readonly FieldError[] {
  const kinds = isJsonObject(peer) ? Object.keys(peer) : []
  if (kinds.length === 0) return [required(field, 'must specify a peer')]
  const block = jsonAt(peer, 'ipBlock')
  const errors = ['podSelector', 'namespaceSelector'].flatMap(name => [
    ...selectorErrors(jsonAt(peer, name), `${field}.${name}`),
  ])
  if (block === undefined) return errors
  if (kinds.length > 1) errors.push(forbidden(field, 'may not specify both ipBlock and another peer'))
  const cidr = textAt(block, 'cidr') ?? ''
  if (cidr === '') return [...errors, required(`${field}.ipBlock.cidr`)]
  if (!isCidr(cidr)) errors.push(invalid(`${field}.ipBlock.cidr`, cidr, CIDR_RULE))
  for (const [index, except] of textsAt(block, 'except').entries()) {
    if (!isCidr(except)) errors.push(invalid(`${field}.ipBlock.except[${index}]`, except, CIDR_RULE))
  }
  return errors
}

const CIDR_RULE = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
