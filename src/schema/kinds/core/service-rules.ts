import { isIPv4, isIPv6 } from '../../addresses.ts'
import { duplicate, type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { isSameJson, type Json, jsonAt, listAt, textAt, wordOf } from '../../json.ts'
import { labelProblem, subdomainProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { mustHave, named, oneOf, portNumber, portOrName } from '../../rules.ts'
import { labelErrors } from '../pods/selector.ts'

/** What is wrong with a Service (k8s.io/kubernetes/pkg/apis/core/validation ValidateService). */
export function serviceErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const type = textAt(spec, 'type')
  const ports = listAt(spec, 'ports')
  const isHeadless = textAt(spec, 'clusterIP') === 'None'
  return [
    ...oneOf(spec, 'type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'spec'),
    ...oneOf(spec, 'sessionAffinity', ['ClientIP', 'None'], 'spec'),
    ...oneOf(spec, 'internalTrafficPolicy', ['Cluster', 'Local'], 'spec'),
    ...oneOf(spec, 'externalTrafficPolicy', ['Cluster', 'Local'], 'spec'),
    ...oneOf(spec, 'ipFamilyPolicy', ['PreferDualStack', 'RequireDualStack', 'SingleStack'], 'spec'),
    ...labelErrors(jsonAt(spec, 'selector'), 'spec.selector'),
    ...(ports.length === 0 && !isHeadless && type !== 'ExternalName' ? [required('spec.ports')] : []),
    ...portErrors(ports),
    ...nodePortErrors(ports, type),
    ...addressErrors(spec, type),
    ...affinityErrors(spec),
    ...changeErrors(spec, jsonAt(old, 'spec')),
  ]
}

function portErrors(ports: readonly Json[]): FieldError[] {
  const [names, numbers] = [new Set<string>(), new Set<string>()]
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`
    const name = textAt(port, 'name') ?? ''
    const number = `${wordOf(jsonAt(port, 'port'))}/${textAt(port, 'protocol') ?? ''}`
    const [isNamed, isTaken] = [name !== '' && names.has(name), numbers.has(number)]
    names.add(name)
    numbers.add(number)
    return [
      ...(ports.length > 1 ? mustHave(port, 'name', at) : []),
      ...named(port, 'name', labelProblem, at),
      ...(isNamed ? [duplicate(`${at}.name`, name)] : []),
      ...(isTaken ? [duplicate(at, port)] : []),
      ...portNumber(port, 'port', at),
      ...portOrName(port, 'targetPort', at),
      ...oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'], at),
    ]
  })
}

function nodePortErrors(ports: readonly Json[], type: string | undefined): FieldError[] {
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}].nodePort`
    const isSet = (jsonAt(port, 'nodePort') ?? 0) !== 0
    if (!isSet) return []
    if (type === 'ClusterIP') return [forbidden(at, "may not be used when `type` is 'ClusterIP'")]
    return [...portNumber(port, 'nodePort', `spec.ports[${index}]`)]
  })
}

function addressErrors(spec: Json | undefined, type: string | undefined): readonly FieldError[] {
  const address = textAt(spec, 'clusterIP') ?? ''
  const isAddress = (text: string) => isIPv4(text) || isIPv6(text)
  const errors: FieldError[] = listAt(spec, 'externalIPs').flatMap((each, index) =>
    isAddress(wordOf(each)) ? [] : [invalid(`spec.externalIPs[${index}]`, each, 'must be a valid IP address')],
  )
  if (type === 'ExternalName') {
    errors.push(...mustHave(spec, 'externalName', 'spec'), ...named(spec, 'externalName', subdomainProblem, 'spec'))
    if (address !== '') errors.push(forbidden('spec.clusterIPs[0]', "may not be set when `type` is 'ExternalName'"))
    return errors
  }
  if (address === 'None' && type !== 'ClusterIP') {
    errors.push(invalid('spec.clusterIPs[0]', address, `may not be set to 'None' for ${type} services`))
  }
  if (address !== '' && address !== 'None' && !isAddress(address)) {
    errors.push(invalid('spec.clusterIPs[0]', address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'))
  }
  return errors
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

// An address that was given out is the service's for good, unless it becomes a mere name.
function changeErrors(spec: Json | undefined, old: Json | undefined): readonly FieldError[] {
  const isName = (each: Json | undefined) => textAt(each, 'type') === 'ExternalName'
  const before = textAt(old, 'clusterIP') ?? ''
  if (old === undefined || before === '' || isName(spec) || isName(old)) return []
  if (isSameJson(jsonAt(spec, 'clusterIP'), before)) return []
  return [invalid('spec.clusterIPs[0]', [textAt(spec, 'clusterIP') ?? ''], 'may not change once set')]
}
