import { isIPv4, isIPv6, specialAddressProblem } from '../../addresses.ts'
import { at, column, firstFew } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { duplicate, type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { changeEach, fill } from '../../fill.ts'
import { type Json, jsonAt, listAt, textAt, textsAt, wordOf } from '../../json.ts'
import { subdomainProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Some of the addresses behind a service. */
export const endpointSlice = defineResource({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  shape: kubernetesShape('V1EndpointSlice'),
  columns: [column('AddressType', at('addressType')), column('Ports', portsText), column('Endpoints', addressesText)],
  defaults: object => ({
    ...object,
    ...changeEach({ ports: object['ports'] }, 'ports', port => fill(port, { name: '', protocol: 'TCP' })),
  }),
  validate: (object, old) => [
    ...typeErrors(object),
    ...immutable(object, old, ['addressType'], ''),
    ...tooMany('endpoints', listAt(object, 'endpoints').length, 1000),
    ...tooMany('ports', listAt(object, 'ports').length, 20_000),
    ...portErrors(listAt(object, 'ports')),
    ...listAt(object, 'endpoints').flatMap((each, index) => endpointErrors(object, each, `endpoints[${index}]`)),
  ],
})

const TYPES = ['FQDN', 'IPv4', 'IPv6']

function portsText(object: KubeObject): string {
  const ports = listAt(object, 'ports').map(port => wordOf(jsonAt(port, 'port') ?? '*'))
  return ports.length === 0 ? '<unset>' : firstFew(ports)
}

function addressesText(object: KubeObject): string {
  const all = listAt(object, 'endpoints').flatMap(each => textsAt(each, 'addresses'))
  return all.length === 0 ? '<unset>' : firstFew(all)
}

function typeErrors(object: KubeObject): readonly FieldError[] {
  const type = textAt(object, 'addressType') ?? ''
  if (type === '') return [required('addressType')]
  return TYPES.includes(type) ? [] : [notSupported('addressType', type, TYPES)]
}

function portErrors(ports: readonly Json[]): readonly FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const at = `ports[${index}]`
    const name = textAt(port, 'name') ?? ''
    const isTwice = names.has(name)
    names.add(name)
    return [...(isTwice ? [duplicate(`${at}.name`, name)] : []), ...oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], at)]
  })
}

function endpointErrors(object: KubeObject, endpoint: Json, field: string): readonly FieldError[] {
  const addresses = textsAt(endpoint, 'addresses')
  if (addresses.length === 0) return [required(`${field}.addresses`, 'must contain at least 1 address')]
  const many = tooMany(`${field}.addresses`, addresses.length, 100)
  if (many.length > 0) return many
  return addresses.flatMap((address, index) => {
    const type = textAt(object, 'addressType')
    const problem = addressProblem(type, address) ?? (type === 'FQDN' ? undefined : specialAddressProblem(address))
    return problem === undefined ? [] : [invalid(`${field}.addresses[${index}]`, address, problem)]
  })
}

function tooMany(field: string, count: number, max: number): readonly FieldError[] {
  if (count <= max) return []
  return [{ field, reason: 'FieldValueTooMany', message: `Too many: ${count}: must have at most ${max} items` }]
}

function addressProblem(type: string | undefined, address: string): string | undefined {
  if (type === 'IPv4') return isIPv4(address) ? undefined : 'must be an IPv4 address'
  if (type === 'IPv6') return isIPv6(address) ? undefined : 'must be an IPv6 address'
  return type === 'FQDN' ? subdomainProblem(address) : undefined
}
