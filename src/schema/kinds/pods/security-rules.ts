import { duplicate, type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { type Json, jsonAt, type JsonObject, listAt, numberAt, textAt, textsAt } from '../../json.ts'
import { oneOf } from '../../rules.ts'

// k8s.io/kubernetes/pkg/apis/core/validation ValidateSecurityContext, validatePodSpecSecurityContext.

/** What is wrong with how safely a container runs. */
export function containerSecurityErrors(container: Json, field: string): readonly FieldError[] {
  const context = jsonAt(container, 'securityContext')
  if (context === undefined) return []
  const at = `${field}.securityContext`
  const isKept = jsonAt(context, 'allowPrivilegeEscalation') === false
  const isMighty = textsAt(context, 'capabilities', 'add').includes('CAP_SYS_ADMIN')
  const clash = (what: string) => invalid(`${at}.allowPrivilegeEscalation`, false, `${CLASH} ${what}`)
  return [
    ...idErrors(context, ['runAsUser', 'runAsGroup'], at),
    ...profileErrors(context, at),
    ...oneOf(context, 'procMount', ['Default', 'Unmasked'], at),
    ...(isKept && jsonAt(context, 'privileged') === true ? [clash('`privileged` to true')] : []),
    ...(isKept && isMighty ? [clash('`capabilities.Add` CAP_SYS_ADMIN')] : []),
  ]
}

const CLASH = 'cannot set `allowPrivilegeEscalation` to false and'

/** What is wrong with how safely a pod runs. */
export function podSecurityErrors(spec: JsonObject, field: string): readonly FieldError[] {
  const context = spec['securityContext']
  const at = `${field}.securityContext`
  const isShared = spec['shareProcessNamespace'] === true && spec['hostPID'] === true
  const both = 'ShareProcessNamespace and HostPID cannot both be enabled'
  return [
    ...idErrors(context, ['fsGroup', 'runAsUser', 'runAsGroup'], at),
    ...listAt(context, 'supplementalGroups').flatMap((group, index) =>
      isId(group) ? [] : [invalid(`${at}.supplementalGroups[${index}]`, group, ID_RANGE)],
    ),
    ...(isShared ? [invalid(`${at}.shareProcessNamespace`, true, both)] : []),
    ...sysctlErrors(listAt(context, 'sysctls'), `${at}.sysctls`),
    ...oneOf(context, 'fsGroupChangePolicy', ['Always', 'OnRootMismatch'], at),
    ...oneOf(context, 'supplementalGroupsPolicy', ['Merge', 'Strict'], at),
    ...profileErrors(context, at),
    ...userSpaceErrors(spec, field),
  ]
}

function userSpaceErrors(spec: JsonObject, field: string): readonly FieldError[] {
  if (spec['hostUsers'] !== false) return []
  return ['hostNetwork', 'hostPID', 'hostIPC']
    .filter(name => spec[name] === true)
    .map(name => forbidden(`${field}.${name === 'hostNetwork' ? name : `H${name.slice(1)}`}`, HOST_USERS))
}

const HOST_USERS = 'when `pod.Spec.HostUsers` is false'
const ID_RANGE = 'must be between 0 and 2147483647, inclusive'

function isId(value: Json | undefined): boolean {
  return typeof value === 'number' && value >= 0 && value <= 2_147_483_647
}

function idErrors(context: Json | undefined, names: readonly string[], field: string): FieldError[] {
  return names.flatMap(name => {
    const value = numberAt(context, name)
    return value === undefined || isId(value) ? [] : [invalid(`${field}.${name}`, value, ID_RANGE)]
  })
}

const SYSCTL = /^(?:[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?$/
const SYSCTL_RULE = String.raw`must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`

function sysctlErrors(sysctls: readonly Json[], field: string): FieldError[] {
  const seen = new Set<string>()
  return sysctls.flatMap((sysctl, index) => {
    const at = `${field}[${index}].name`
    const name = textAt(sysctl, 'name') ?? ''
    const isTwice = seen.has(name)
    seen.add(name)
    if (name === '') return [required(at)]
    if (name.length > 253 || !SYSCTL.test(name)) return [invalid(at, name, SYSCTL_RULE)]
    return isTwice ? [duplicate(at, name)] : []
  })
}

const PROFILES: readonly (readonly [string, string])[] = [
  ['seccompProfile', 'seccomp'],
  ['appArmorProfile', 'AppArmor'],
]

function profileErrors(context: Json | undefined, field: string): FieldError[] {
  return PROFILES.flatMap(([name, word]) => {
    const profile = jsonAt(context, name)
    if (profile === undefined) return []
    const at = `${field}.${name}`
    const [type, local] = [textAt(profile, 'type') ?? '', textAt(profile, 'localhostProfile')]
    if (type === '') return [required(`${at}.type`, `type is required when ${name} is set`)]
    const errors = [...oneOf(profile, 'type', ['Localhost', 'RuntimeDefault', 'Unconfined'], at)]
    if (type === 'Localhost' && (local ?? '') === '') {
      errors.push(required(`${at}.localhostProfile`, `must be set when ${word} type is Localhost`))
    }
    if (type !== 'Localhost' && local !== undefined) {
      errors.push(invalid(`${at}.localhostProfile`, local, `can only be set when ${word} type is Localhost`))
    }
    return errors
  })
}
