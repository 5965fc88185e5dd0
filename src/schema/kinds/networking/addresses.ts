import { isCidr, isIPv4, isIPv6 } from '../../addresses.ts'
import { column } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { invalid, required } from '../../field-error.ts'
import { jsonAt, textAt, textsAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, mustHave } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** An address that is given out, named by itself. */
export const ipAddress = defineResource({
  group: 'networking.k8s.io',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  isNamespaced: false,
  shape: kubernetesShape('V1IPAddress'),
  nameProblem: name => (isIPv4(name) || isIPv6(name) ? undefined : 'must be a valid IP address'),
  columns: [column('ParentRef', parentText)],
  validate: (object, old) => [
    ...(jsonAt(object, 'spec', 'parentRef') === undefined ? [required('spec.parentRef')] : []),
    ...mustHave(jsonAt(object, 'spec', 'parentRef'), 'resource', 'spec.parentRef'),
    ...mustHave(jsonAt(object, 'spec', 'parentRef'), 'name', 'spec.parentRef'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['parentRef'], 'spec'),
  ],
  selectableFields: textFields('spec.parentRef.name', 'spec.parentRef.namespace', 'spec.parentRef.resource'),
})

/** Addresses that services may be given. */
export const serviceCidr = defineResource({
  group: 'networking.k8s.io',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  isNamespaced: false,
  shape: kubernetesShape('V1ServiceCIDR'),
  hasStatus: true,
  columns: [column('CIDRs', object => textsAt(object, 'spec', 'cidrs').join(','))],
  validate: (object, old) => [
    ...(textsAt(object, 'spec', 'cidrs').length === 0 ? [required('spec.cidrs', 'at least one CIDR required')] : []),
    ...textsAt(object, 'spec', 'cidrs').flatMap((cidr, index) =>
      isCidr(cidr) ? [] : [invalid(`spec.cidrs[${index}]`, cidr, 'must be a valid CIDR value')],
    ),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['cidrs'], 'spec'),
  ],
})

function parentText(object: KubeObject): string {
  const parent = jsonAt(object, 'spec', 'parentRef')
  const parts = ['group', 'resource', 'namespace', 'name'].map(name => textAt(parent, name) ?? '')
  const [group = '', resource = '', ...rest] = parts
  const kind = group === '' ? resource : `${resource}.${group}`
  return [kind, ...rest].filter(part => part !== '').join('/')
}
