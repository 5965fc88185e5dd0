import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid, notSupported } from '../../field-error.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, textAt } from '../../json.ts'
import { OPTION_CHARS_MAX } from '../../limits.ts'
import { labelProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, mustHave, named, oneOf } from '../../rules.ts'
import { needed, ownKind, part } from '../../shapes/own.ts'
import { conditionStatus } from '../pods/pod-status.ts'
import { volumeErrors } from '../pods/volume-rules.ts'
import { bundleSpec, bundleStatus } from './bundle-shape.ts'

/** An app as it is to be installed: a service of the catalog and its options. */
export const bundle = defineResource({
  group: 'nanocloud.io',
  kind: 'Bundle',
  plural: 'bundles',
  shape: ownKind(
    'io.nanocloud.v1.Bundle',
    'An app as it is to be installed: a service of the catalog and its options.',
    {
      spec: needed(part(bundleSpec, 'What is to be installed, and how.')),
      status: part(bundleStatus, 'How far the installation is.'),
    },
  ),
  nameProblem: labelProblem,
  hasStatus: true,
  columns: [
    column('Service', at('spec.service')),
    column('Phase', at('status.phase', 'PENDING')),
    column('Ready', object => conditionStatus(object, 'Ready') ?? 'UNKNOWN'),
    wideColumn('Workload', at('status.workload.name', '<none>')),
    wideColumn('Update', at('spec.update', false)),
  ],
  defaults: object => changePart(object, 'spec', spec => specDefaults(object, spec)),
  validate: bundleErrors,
})

function specDefaults({ metadata }: KubeObject, spec: JsonObject): JsonObject {
  const filled = fill(spec, { namespace: metadata.namespace ?? 'default', start: true, update: false })
  const secure = changeObject(filled, 'security', security => fill(security, { allowPrivileged: false }))
  return changeObject(secure, 'snapshot', snapshot => fill(snapshot, { mediaType: 'application/x-tar' }))
}

const KEY = /^[a-z0-9_:.-]{1,128}$/

function bundleErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const snapshot = jsonAt(spec, 'snapshot')
  return [
    ...mustHave(spec, 'service', 'spec'),
    ...named(spec, 'service', labelProblem, 'spec'),
    ...optionErrors(jsonAt(spec, 'options')),
    ...(snapshot === undefined ? [] : mustHave(snapshot, 'source', 'spec.snapshot')),
    ...oneOf(snapshot, 'mediaType', ['application/x-tar'], 'spec.snapshot'),
    ...oneOf(jsonAt(spec, 'security', 'seccompProfile'), 'type', PROFILES, 'spec.security.seccompProfile'),
    ...capabilityErrors(listAt(spec, 'security', 'extraCapabilities'), jsonAt(spec, 'security', 'allowPrivileged')),
    ...volumeErrors(listAt(spec, 'runtime', 'volumes'), 'spec.runtime.volumes'),
    ...namespaceErrors(object),
    ...immutable(spec, jsonAt(old, 'spec'), ['service'], 'spec'),
  ]
}

const PROFILES = ['Baseline', 'Localhost', 'RuntimeDefault']

function optionErrors(options: Json | undefined): readonly FieldError[] {
  if (!isJsonObject(options)) return []
  return Object.entries(options).flatMap(([key, value]) => {
    const at = `spec.options[${key}]`
    const isLong = typeof value === 'string' && value.length > OPTION_CHARS_MAX
    const rule = "must be at most 128 lower case letters, digits, '_', ':', '.' and '-'"
    return [
      ...(KEY.test(key) ? [] : [invalid(at, key, rule)]),
      ...(isLong ? [invalid(at, '', `must be no more than ${OPTION_CHARS_MAX} characters`)] : []),
    ]
  })
}

// All but those of the network need privileges that are to be asked for by name.
function capabilityErrors(capabilities: readonly Json[], allowed: Json | undefined): readonly FieldError[] {
  return capabilities.flatMap((capability, index) => {
    const at = `spec.security.extraCapabilities[${index}]`
    if (typeof capability !== 'string' || !/^CAP_[A-Z_]+$/.test(capability)) {
      return [notSupported(at, capability, ['CAP_NET_ADMIN', 'CAP_NET_BIND_SERVICE', 'CAP_NET_RAW'])]
    }
    if (capability.startsWith('CAP_NET_') || allowed === true) return []
    return [invalid(at, capability, 'needs allowPrivileged')]
  })
}

function namespaceErrors(object: KubeObject): readonly FieldError[] {
  const inside = textAt(object, 'spec', 'namespace')
  if (inside === undefined || inside === object.metadata.namespace) return []
  return [invalid('spec.namespace', inside, 'must be the namespace of the bundle')]
}
