import { isIPv4, isIPv6 } from '../../addresses.ts'
import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, listAt, numberAt, textAt, textsAt } from '../../json.ts'
import { labelProblem, qualifiedNameProblem, subdomainProblem } from '../../names.ts'
import { named, oneOf } from '../../rules.ts'
import {
  containerErrors,
  containerNameErrors,
  ephemeralErrors,
  hostPortClashes,
  initErrors,
} from './container-rules.ts'
import { placementErrors } from './placement-rules.ts'
import { lifeErrors } from './probe-rules.ts'
import { podSecurityErrors } from './security-rules.ts'
import { volumeErrors } from './volume-rules.ts'

/** What is wrong with a pod's spec (k8s.io/kubernetes/pkg/apis/core/validation), for the parts that Cairn will run. */
export function podSpecErrors(spec: Json | undefined, field: string): readonly FieldError[] {
  if (!isJsonObject(spec)) return [required(field)]
  return [
    ...volumeErrors(listAt(spec, 'volumes'), `${field}.volumes`),
    ...containerNameErrors(spec, field),
    ...containersErrors(spec, field),
    ...hostPortErrors(spec, field),
    ...oneOf(spec, 'restartPolicy', ['Always', 'OnFailure', 'Never'], field),
    ...dnsErrors(spec, field),
    ...podSecurityErrors(spec, field),
    ...placementErrors(spec, field),
    ...gateErrors(spec, field),
    ...nameErrors(spec, field),
    ...deadlineErrors(spec, field),
    ...aliasErrors(spec, field),
    ...oneOf(spec, 'preemptionPolicy', ['Never', 'PreemptLowerPriority'], field),
    ...systemErrors(spec, field),
  ]
}

function containersErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const [containers, init, extra] = ['containers', 'initContainers', 'ephemeralContainers'].map(name =>
    listAt(spec, name),
  ) as [readonly Json[], readonly Json[], readonly Json[]]
  const volumes = new Map(listAt(spec, 'volumes').map(volume => [textAt(volume, 'name') ?? '', volume]))
  const own = { volumes, policy: spec['restartPolicy'] }
  const graceSeconds = numberAt(spec, 'terminationGracePeriodSeconds') ?? 30
  const lasting = new Set([...containers, ...init].map(each => textAt(each, 'name') ?? ''))
  const isLasting = (each: Json) => jsonAt(each, 'restartPolicy') === 'Always'
  const never = 'may not be set for non-init containers'
  return [
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containers.flatMap((each, index) => {
      const at = `${field}.containers[${index}]`
      const isPoliced = jsonAt(each, 'restartPolicy') !== undefined
      return [
        ...containerErrors(each, own, at),
        ...lifeErrors(each, graceSeconds, at),
        ...(isPoliced ? [forbidden(`${at}.restartPolicy`, never)] : []),
      ]
    }),
    ...hostPortClashes(containers, `${field}.containers`),
    ...init.flatMap((each, index) => {
      const at = `${field}.initContainers[${index}]`
      const more = isLasting(each) ? lifeErrors(each, graceSeconds, at) : initErrors(each, at)
      return [...containerErrors(each, own, at), ...more]
    }),
    ...extra.flatMap((each, index) => {
      const at = `${field}.ephemeralContainers[${index}]`
      return [...containerErrors(each, own, at), ...ephemeralErrors(each, lasting, at)]
    }),
  ]
}

// On the host's network a container has the ports of the host; in a template they may still be left out.
function hostPortErrors(spec: JsonObject, field: string): FieldError[] {
  if (spec['hostNetwork'] !== true) return []
  return listAt(spec, 'containers').flatMap((container, index) =>
    listAt(container, 'ports').flatMap((port, place) => {
      const [inside, outside] = [jsonAt(port, 'containerPort'), jsonAt(port, 'hostPort') ?? 0]
      if (outside === inside || (outside === 0 && field !== 'spec')) return []
      const at = `${field}.containers[${index}].ports[${place}].hostPort`
      return [invalid(at, outside, 'must match `containerPort` when `hostNetwork` is true')]
    }),
  )
}

const SEARCH = /^[a-z0-9_](?:[-a-z0-9_]*[a-z0-9_])?(?:\.[a-z0-9_](?:[-a-z0-9_]*[a-z0-9_])?)*$/
const ADDRESS_RULE = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

function dnsErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const at = `${field}.dnsConfig`
  const config = spec['dnsConfig']
  const [servers, searches] = [textsAt(config, 'nameservers'), textsAt(config, 'searches')]
  const errors = [...oneOf(spec, 'dnsPolicy', ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'], field)]
  if (spec['dnsPolicy'] === 'None' && config === undefined) {
    return [...errors, required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')]
  }
  if (spec['dnsPolicy'] === 'None' && servers.length === 0) {
    const rule = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    return [...errors, required(`${at}.nameservers`, rule)]
  }
  if (servers.length > 3) errors.push(invalid(`${at}.nameservers`, servers, 'must not have more than 3 nameservers'))
  for (const [index, server] of servers.entries()) {
    if (!isAddress(server)) errors.push(invalid(`${at}.nameservers[${index}]`, server, ADDRESS_RULE))
  }
  if (searches.length > 32) errors.push(invalid(`${at}.searches`, searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > 2048) {
    const rule = 'must not have more than 2048 characters (including spaces) in the search list'
    errors.push(invalid(`${at}.searches`, searches, rule))
  }
  for (const [index, search] of searches.entries()) {
    const name = search.replace(/\.$/, '')
    const problem = search === '.' || (name.length <= 253 && SEARCH.test(name)) ? undefined : subdomainProblem(name)
    if (problem !== undefined) errors.push(invalid(`${at}.searches[${index}]`, name, problem))
  }
  for (const [index, option] of listAt(config, 'options').entries()) {
    if ((textAt(option, 'name') ?? '') === '') errors.push(required(`${at}.options[${index}]`, 'must not be empty'))
  }
  return errors
}

function isAddress(text: string): boolean {
  return isIPv4(text) || isIPv6(text)
}

function gateErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const seen = new Set<string>()
  return [
    ...listAt(spec, 'readinessGates').flatMap((gate, index) => {
      const type = textAt(gate, 'conditionType') ?? ''
      const problem = qualifiedNameProblem(type)
      return problem === undefined ? [] : [invalid(`${field}.readinessGates[${index}].conditionType`, type, problem)]
    }),
    ...listAt(spec, 'schedulingGates').flatMap((gate, index) => {
      const name = textAt(gate, 'name') ?? ''
      const at = `${field}.schedulingGates[${index}]`
      const problem = qualifiedNameProblem(name)
      const isTwice = seen.has(name)
      seen.add(name)
      return [...(problem === undefined ? [] : [invalid(at, name, problem)]), ...(isTwice ? [duplicate(at, name)] : [])]
    }),
  ]
}

function nameErrors(spec: JsonObject, field: string): readonly FieldError[] {
  return [
    ...['serviceAccountName', 'priorityClassName', 'runtimeClassName'].flatMap(name => [
      ...named(spec, name, subdomainProblem, field),
    ]),
    ...['hostname', 'subdomain'].flatMap(name => [...named(spec, name, labelProblem, field)]),
  ]
}

function deadlineErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const seconds = numberAt(spec, 'activeDeadlineSeconds')
  if (seconds === undefined || (seconds >= 1 && seconds <= 2_147_483_647)) return []
  return [invalid(`${field}.activeDeadlineSeconds`, seconds, 'must be between 1 and 2147483647, inclusive')]
}

function aliasErrors(spec: JsonObject, field: string): readonly FieldError[] {
  return listAt(spec, 'hostAliases').flatMap((alias, index) => {
    const at = `${field}.hostAliases[${index}]`
    const ip = textAt(alias, 'ip') ?? ''
    return [
      ...(isAddress(ip) ? [] : [invalid(`${at}.ip`, ip, ADDRESS_RULE)]),
      ...textsAt(alias, 'hostnames').flatMap((name, place) => {
        const problem = subdomainProblem(name)
        return problem === undefined ? [] : [invalid(`${at}.hostnames[${place}]`, name, problem)]
      }),
    ]
  })
}

function systemErrors(spec: JsonObject, field: string): readonly FieldError[] {
  if (spec['os'] === undefined) return []
  const name = textAt(spec, 'os', 'name') ?? ''
  if (name === '') return [required(`${field}.os.name`, 'cannot be empty')]
  return ['linux', 'windows'].includes(name) ? [] : [notSupported(`${field}.os.name`, name, ['linux', 'windows'])]
}
