import { duplicate, type FieldError, forbidden, invalid, notSupported, required } from '../../field-error.ts'
import { type Json, jsonAt, type JsonObject, listAt, numberAt, textAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import { oneOf, portNameProblem, portNumber } from '../../rules.ts'
import { envErrors, envFromErrors } from './env-rules.ts'
import { mountErrors, type Volumes } from './mount-rules.ts'
import { resizePolicyErrors, resourceErrors } from './resource-rules.ts'
import { containerSecurityErrors } from './security-rules.ts'

/** What is wrong with the names of a pod's containers: each is there once in the whole pod. */
export function containerNameErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const seen = new Set<string>()
  return ['containers', 'initContainers', 'ephemeralContainers'].flatMap(list =>
    nameErrors(listAt(spec, list), `${field}.${list}`, seen),
  )
}

/** What is wrong with names that items of a list are known by; `seen` has those that are taken. */
export function nameErrors(
  items: readonly Json[],
  field: string,
  seen: Set<string> = new Set(),
): readonly FieldError[] {
  return items.flatMap((item, index) => {
    const name = textAt(item, 'name') ?? ''
    const at = `${field}[${index}].name`
    const problem = name === '' ? undefined : labelProblem(name)
    const isTwice = seen.has(name)
    seen.add(name)
    if (name === '') return [required(at)]
    if (problem !== undefined) return [invalid(at, name, problem)]
    return isTwice ? [duplicate(at, name)] : []
  })
}

/** What is wrong with a container of any kind, but for its name (validateContainerCommon). */
export function containerErrors(
  container: Json,
  { volumes, policy }: { readonly volumes: Volumes; readonly policy: Json | undefined },
  field: string,
): readonly FieldError[] {
  return [
    ...((textAt(container, 'image') ?? '') === '' ? [required(`${field}.image`)] : []),
    ...oneOf(container, 'terminationMessagePolicy', ['File', 'FallbackToLogsOnError'], field),
    ...portErrors(listAt(container, 'ports'), `${field}.ports`),
    ...listAt(container, 'env').flatMap((each, index) => envErrors(each, `${field}.env[${index}]`)),
    ...listAt(container, 'envFrom').flatMap((each, index) => envFromErrors(each, `${field}.envFrom[${index}]`)),
    ...mountErrors(container, volumes, field),
    ...oneOf(container, 'imagePullPolicy', ['Always', 'IfNotPresent', 'Never'], field),
    ...resourceErrors(jsonAt(container, 'resources'), `${field}.resources`),
    ...resizePolicyErrors(container, policy, `${field}.resizePolicy`),
    ...containerSecurityErrors(container, field),
  ]
}

/** What a pod's own containers may not have, although a template's may: spaces around the name of an image. */
export function imageErrors(spec: Json | undefined): readonly FieldError[] {
  return ['containers', 'initContainers', 'ephemeralContainers'].flatMap(list =>
    listAt(spec, list).flatMap((container, index) => {
      const image = textAt(container, 'image') ?? ''
      if (image === image.trim()) return []
      return [invalid(`spec.${list}[${index}].image`, image, 'must not have leading or trailing whitespace')]
    }),
  )
}

/** Ports of the machine that several containers want. */
export function hostPortClashes(containers: readonly Json[], field: string): readonly FieldError[] {
  const seen = new Set<string>()
  return containers.flatMap((container, index) =>
    listAt(container, 'ports').flatMap((port, place) => {
      const number = numberAt(port, 'hostPort') ?? 0
      const id = `${textAt(port, 'protocol') ?? 'TCP'}/${textAt(port, 'hostIP') ?? ''}/${number}`
      const isTwice = number !== 0 && seen.has(id)
      seen.add(id)
      return isTwice ? [duplicate(`${field}[${index}].ports[${place}].hostPort`, id)] : []
    }),
  )
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

function portErrors(ports: readonly Json[], field: string): FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`
    const name = textAt(port, 'name') ?? ''
    const protocol = jsonAt(port, 'protocol') ?? 'TCP'
    const isKnown = typeof protocol === 'string' && PROTOCOLS.includes(protocol)
    const problem = name === '' ? undefined : portNameProblem(name)
    const isTwice = name !== '' && names.has(name)
    names.add(name)
    const isNone = (numberAt(port, 'containerPort') ?? 0) === 0
    return [
      ...(problem === undefined ? [] : [invalid(`${at}.name`, name, problem)]),
      ...(isTwice ? [duplicate(`${at}.name`, name)] : []),
      ...(isNone ? [required(`${at}.containerPort`)] : portNumber(port, 'containerPort', at)),
      ...((numberAt(port, 'hostPort') ?? 0) === 0 ? [] : portNumber(port, 'hostPort', at)),
      ...(isKnown ? [] : [notSupported(`${at}.protocol`, protocol, PROTOCOLS)]),
    ]
  })
}

// What only those have that live as long as their pod.
const LASTING = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']

/** What containers of the beginning may not have: they end before the next begins, unless they restart always. */
export function initErrors(container: Json, field: string): readonly FieldError[] {
  const policy = jsonAt(container, 'restartPolicy')
  if (policy === 'Always') return []
  const rule = 'may not be set for init containers without restartPolicy=Always'
  return [
    ...oneOf(container, 'restartPolicy', ['Always'], field),
    ...LASTING.filter(name => jsonAt(container, name) !== undefined).map(name => forbidden(`${field}.${name}`, rule)),
  ]
}

const NOT_EPHEMERAL = [...LASTING, 'ports', 'resizePolicy', 'resources', 'restartPolicy']

/** What containers that are put into a running pod may not have; `others` are the names of those that stay. */
export function ephemeralErrors(container: Json, others: ReadonlySet<string>, field: string): readonly FieldError[] {
  const rule = 'cannot be set for an Ephemeral Container'
  const target = textAt(container, 'targetContainerName') ?? ''
  const isLost = target !== '' && !others.has(target)
  const isSet = (value: Json | undefined) => value !== undefined && JSON.stringify(value) !== '{}'
  return [
    ...(isLost
      ? [
          {
            field: `${field}.targetContainerName`,
            reason: 'FieldValueNotFound',
            message: `Not found: "${target}"`,
          } as const,
        ]
      : []),
    ...NOT_EPHEMERAL.filter(name => isSet(jsonAt(container, name))).map(name => forbidden(`${field}.${name}`, rule)),
    ...listAt(container, 'volumeMounts').flatMap((mount, index) =>
      ['subPath', 'subPathExpr']
        .filter(name => (textAt(mount, name) ?? '') !== '')
        .map(name => forbidden(`${field}.volumeMounts[${index}].${name}`, rule)),
    ),
  ]
}
