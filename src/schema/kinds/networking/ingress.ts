import { isIPv4, isIPv6 } from '../../addresses.ts'
import { atOrNone, column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid, required } from '../../field-error.ts'
import { type Json, jsonAt, listAt, textAt } from '../../json.ts'
import { subdomainProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { mustHave, named, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Ways from outside to services, by host and path. */
export const ingress = defineResource({
  group: 'networking.k8s.io',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  shape: kubernetesShape('V1Ingress'),
  hasStatus: true,
  columns: [
    column('Class', object => classOf(object)),
    column('Hosts', hostsText),
    column('Address', addressText),
    column('Ports', object => (listAt(object, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
  ],
  validate: ingressErrors,
})

function classOf(object: KubeObject): Json {
  return object.metadata.annotations?.['kubernetes.io/ingress.class'] ?? atOrNone('spec.ingressClassName')(object, 0)
}

function hostsText(object: KubeObject): string {
  const hosts = listAt(object, 'spec', 'rules').map(rule => textAt(rule, 'host') || '*')
  const rest = hosts.length - 3
  return hosts.length === 0 ? '*' : `${hosts.slice(0, 3).join(',')}${rest > 0 ? ` + ${rest} more...` : ''}`
}

function addressText(object: KubeObject): string {
  const found = listAt(object, 'status', 'loadBalancer', 'ingress')
  return found.flatMap(each => textAt(each, 'ip') || textAt(each, 'hostname') || []).join(',')
}

function ingressErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const rules = listAt(spec, 'rules')
  const backend = jsonAt(spec, 'defaultBackend')
  const isEmpty = rules.length === 0 && backend === undefined
  return [
    ...(isEmpty ? [invalid('spec', rules, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(backend === undefined ? [] : backendErrors(backend, 'spec.defaultBackend')),
    ...named(spec, 'ingressClassName', subdomainProblem, 'spec'),
    ...rules.flatMap((rule, index) => ruleErrors(rule, `spec.rules[${index}]`)),
    ...listAt(spec, 'tls').flatMap((tls, index) =>
      listAt(tls, 'hosts').flatMap((host, place) => hostErrors(host, `spec.tls[${index}].hosts[${place}]`)),
    ),
  ]
}

function ruleErrors(rule: Json, field: string): readonly FieldError[] {
  const http = jsonAt(rule, 'http')
  const paths = listAt(http, 'paths')
  return [
    ...hostErrors(textAt(rule, 'host') ?? '', `${field}.host`),
    ...(http !== undefined && paths.length === 0 ? [required(`${field}.http.paths`)] : []),
    ...paths.flatMap((path, index) => pathErrors(path, `${field}.http.paths[${index}]`)),
  ]
}

function hostErrors(host: Json, field: string): readonly FieldError[] {
  if (typeof host !== 'string' || host === '') return []
  if (isIPv4(host) || isIPv6(host)) return [invalid(field, host, 'must be a DNS name, not an IP address')]
  const problem = subdomainProblem(host.startsWith('*.') ? host.slice(2) : host)
  return problem === undefined ? [] : [invalid(field, host, problem)]
}

function pathErrors(rule: Json, field: string): readonly FieldError[] {
  const path = textAt(rule, 'path') ?? ''
  const type = textAt(rule, 'pathType') ?? ''
  const errors = [...backendErrors(jsonAt(rule, 'backend'), `${field}.backend`)]
  if (type === '') return [...errors, required(`${field}.pathType`, 'pathType must be specified')]
  errors.push(...oneOf(rule, 'pathType', ['Exact', 'ImplementationSpecific', 'Prefix'], field))
  if (type === 'ImplementationSpecific') return errors
  if (!path.startsWith('/')) errors.push(invalid(`${field}.path`, path, 'must be an absolute path'))
  for (const part of ['//', '/./', '/../', '%2f', '%2F']) {
    if (path.includes(part)) errors.push(invalid(`${field}.path`, path, `must not contain '${part}'`))
  }
  return errors
}

function backendErrors(backend: Json | undefined, field: string): readonly FieldError[] {
  const service = jsonAt(backend, 'service')
  const resource = jsonAt(backend, 'resource')
  if (service === undefined && resource === undefined) {
    return [required(field, 'port name or number is required')]
  }
  if (service !== undefined && resource !== undefined) {
    return [invalid(field, '', 'cannot set both resource and service backends')]
  }
  if (service === undefined)
    return [...mustHave(resource, 'name', `${field}.resource`), ...mustHave(resource, 'kind', `${field}.resource`)]
  const [name, number] = [textAt(service, 'port', 'name') ?? '', jsonAt(service, 'port', 'number') ?? 0]
  const errors = [...mustHave(service, 'name', `${field}.service`)]
  if (name === '' && number === 0) errors.push(required(`${field}.service.port`, 'port name or number is required'))
  if (name !== '' && number !== 0) {
    errors.push(invalid(`${field}.service.port`, '', 'cannot set both port name & port number'))
  }
  return errors
}
