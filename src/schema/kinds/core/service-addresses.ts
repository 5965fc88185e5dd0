import { isIPv4, isIPv6 } from '../../addresses.ts'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, isSameJson, type Json, jsonAt, textAt, textsAt } from '../../json.ts'
import { SERVICE_CIDR, isServiceAddress } from './service-pools.ts'

/**
 * What is wrong with the addresses of a service and their families (k8s.io/kubernetes/pkg/apis/core/validation
 * ValidateServiceClusterIPsRelatedFields), for a range of IPv4 only.
 */
export function serviceAddressErrors(spec: Json | undefined, old: Json | undefined): readonly FieldError[] {
  if (textAt(spec, 'type') === 'ExternalName') return nameErrors(spec)
  const addresses = textsAt(spec, 'clusterIPs')
  const errors = [...headErrors(spec, addresses), ...familyErrors(spec, addresses), ...formErrors(addresses)]
  const changed = errors.length > 0 ? errors : [...stackErrors(spec, addresses), ...changeErrors(spec, old)]
  return changed.length > 0 ? changed : rangeErrors(addresses, old)
}

const NO_NAME = 'may not be set for ExternalName services'

function nameErrors(spec: Json | undefined): readonly FieldError[] {
  return ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']
    .filter(name => jsonAt(spec, name) !== undefined || (name === 'clusterIPs' && headOf(spec) !== ''))
    .map(name => forbidden(`spec.${name}`, NO_NAME))
}

function headOf(spec: Json | undefined): string {
  return textAt(spec, 'clusterIP') ?? ''
}

function headErrors(spec: Json | undefined, addresses: readonly string[]): FieldError[] {
  const head = headOf(spec)
  if (head === '') {
    const rule = 'must be empty when `clusterIP` is not specified'
    return addresses.length === 0 ? [] : [invalid('spec.clusterIPs', addresses, rule)]
  }
  if (addresses.length === 0) return [required('spec.clusterIPs')]
  return addresses[0] === head ? [] : [invalid('spec.clusterIPs', addresses, 'first value must match `clusterIP`')]
}

function familyErrors(spec: Json | undefined, addresses: readonly string[]): FieldError[] {
  const seen = new Set<string>()
  const isHeadless = addresses[0] === 'None'
  return textsAt(spec, 'ipFamilies').flatMap((family, index) => {
    const at = `spec.ipFamilies[${index}]`
    const address = isHeadless ? undefined : addresses[index]
    const isTwice = seen.has(family)
    seen.add(family)
    const isOther =
      address !== undefined && (family === 'IPv4' ? isIPv6(address) : family === 'IPv6' && isIPv4(address))
    const rule = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    return [
      ...(['IPv4', 'IPv6'].includes(family) ? [] : [notSupported(at, family, ['IPv4', 'IPv6'])]),
      ...(isTwice ? [duplicate(at, family)] : []),
      ...(isOther ? [invalid(`spec.clusterIPs[${index}]`, address, rule)] : []),
    ]
  })
}

function formErrors(addresses: readonly string[]): FieldError[] {
  const errors = addresses.flatMap((address, index) => {
    if (index === 0 && address === 'None') {
      return addresses.length === 1
        ? []
        : [invalid('spec.clusterIPs', addresses, "'None' must be the first and only value")]
    }
    if (isIPv4(address) || isIPv6(address)) return []
    return [invalid(`spec.clusterIPs[${index}]`, address, ADDRESS_RULE)]
  })
  if (addresses.length > 2) errors.push(invalid('spec.clusterIPs', addresses, 'may only hold up to 2 values'))
  if (errors.length > 0 || addresses.length < 2 || addresses.filter(isIPv4).length === 1) return errors
  return [invalid('spec.clusterIPs', addresses, 'may specify no more than one IP for each IP family')]
}

const ADDRESS_RULE = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

function stackErrors(spec: Json | undefined, addresses: readonly string[]): readonly FieldError[] {
  const policy = jsonAt(spec, 'ipFamilyPolicy')
  const families = textsAt(spec, 'ipFamilies')
  const at = 'spec.ipFamilyPolicy'
  const errors: FieldError[] = []
  for (const [what, list] of [['cluster IPs', addresses] as const, ['IP families', families] as const]) {
    const rule = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`
    if (policy === 'SingleStack' && list.length === 2) errors.push(invalid(at, policy, rule))
  }
  const selector = jsonAt(spec, 'selector')
  const isFree = addresses[0] === 'None' && !(isJsonObject(selector) && Object.keys(selector).length > 0)
  if (isFree || errors.length > 0) return errors
  if (policy === 'RequireDualStack')
    errors.push(invalid(at, policy, 'this cluster is not configured for dual-stack services'))
  for (const [index, family] of families.entries()) {
    if (family !== 'IPv4') errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'))
  }
  return errors
}

// What it has already it may keep.
function rangeErrors(addresses: readonly string[], old: Json | undefined): readonly FieldError[] {
  const kept = new Set(textsAt(old, 'clusterIPs'))
  return addresses
    .filter(address => address !== 'None' && !kept.has(address) && !isServiceAddress(address))
    .map(address => {
      const rule = `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${SERVICE_CIDR}`
      return invalid('spec.clusterIPs', addresses, `failed to allocate IP ${address}: ${rule}`)
    })
}

// An address that was given out is the service's for good, unless it becomes a mere name.
function changeErrors(spec: Json | undefined, old: Json | undefined): readonly FieldError[] {
  const [now, before] = [textsAt(spec, 'clusterIPs'), textsAt(old, 'clusterIPs')]
  const isName = textAt(old, 'type') === 'ExternalName'
  if (old === undefined || before.length === 0 || isName || isSameJson(now[0] ?? '', before[0] ?? '')) return []
  const rule = now.length === 0 ? 'primary clusterIP can not be unset' : 'may not change once set'
  return [invalid('spec.clusterIPs[0]', now, rule)]
}
