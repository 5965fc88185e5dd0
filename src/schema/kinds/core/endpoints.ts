import { isIPv4, isIPv6 } from '../../addresses.ts'
import { column, firstFew } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid, required } from '../../field-error.ts'
import { changeEach, fill } from '../../fill.ts'
import { type Json, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { mustHave, named, oneOf, portNumber } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Where a service is reached; EndpointSlices have taken their place. */
export const endpoints = defineResource({
  group: '',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  shape: kubernetesShape('V1Endpoints'),
  columns: [column('Endpoints', endpointsText)],
  defaults: object => ({
    ...object,
    ...changeEach({ subsets: object['subsets'] }, 'subsets', subset =>
      changeEach(subset, 'ports', port => fill(port, { protocol: 'TCP' })),
    ),
  }),
  validate: object => listAt(object, 'subsets').flatMap((each, index) => subsetErrors(each, `subsets[${index}]`)),
})

function endpointsText(object: KubeObject): string {
  const all = listAt(object, 'subsets').flatMap(subset => {
    const addresses = listAt(subset, 'addresses').map(each => textAt(each, 'ip') ?? '')
    const ports = listAt(subset, 'ports').map(each => numberAt(each, 'port') ?? 0)
    if (ports.length === 0) return addresses
    return ports.flatMap(port => addresses.map(address => `${bracketed(address)}:${port}`))
  })
  return all.length === 0 ? '<none>' : firstFew(all)
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

function subsetErrors(subset: Json, field: string): readonly FieldError[] {
  const lists = ['addresses', 'notReadyAddresses'] as const
  const count = lists.reduce((sum, name) => sum + listAt(subset, name).length, 0)
  const ports = listAt(subset, 'ports')
  return [
    ...(count === 0 ? [required(field, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...lists.flatMap(name =>
      listAt(subset, name).flatMap((each, index) => addressErrors(each, `${field}.${name}[${index}]`)),
    ),
    ...ports.flatMap((port, index) => {
      const at = `${field}.ports[${index}]`
      return [
        ...(ports.length > 1 ? mustHave(port, 'name', at) : []),
        ...named(port, 'name', labelProblem, at),
        ...portNumber(port, 'port', at),
        ...oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], at),
      ]
    }),
  ]
}

function addressErrors(address: Json, field: string): readonly FieldError[] {
  const ip = jsonAt(address, 'ip')
  if (typeof ip === 'string' && (isIPv4(ip) || isIPv6(ip))) return []
  return [invalid(`${field}.ip`, ip, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
}
