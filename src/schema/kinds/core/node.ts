import { atOrNone, column, wideColumn, ageColumn, nameColumn, at } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, duplicate, invalid } from '../../field-error.ts'
import { type Json, jsonAt, listAt, textAt } from '../../json.ts'
import { qualifiedNameProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { named, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { conditionStatus } from '../pods/pod-status.ts'

/** A machine that runs pods. */
export const node = defineResource({
  group: '',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  isNamespaced: false,
  shape: kubernetesShape('V1Node'),
  hasStatus: true,
  table: [
    nameColumn,
    column('Status', statusText),
    column('Roles', rolesText),
    ageColumn,
    column('Version', at('status.nodeInfo.kubeletVersion')),
    wideColumn('Internal-IP', object => addressOf(object, 'InternalIP')),
    wideColumn('External-IP', object => addressOf(object, 'ExternalIP')),
    wideColumn('OS-Image', at('status.nodeInfo.osImage', '<unknown>')),
    wideColumn('Kernel-Version', at('status.nodeInfo.kernelVersion', '<unknown>')),
    wideColumn('Container-Runtime', at('status.nodeInfo.containerRuntimeVersion', '<unknown>')),
  ],
  validate: (object, old) => [...taintErrors(object), ...changeErrors(object, old)],
  hasController: true,
  selectableFields: { 'spec.unschedulable': object => String(jsonAt(object, 'spec', 'unschedulable') === true) },
})

function statusText(object: KubeObject): string {
  const ready = conditionStatus(object, 'Ready')
  const status = ready === undefined ? 'Unknown' : ready === 'True' ? 'Ready' : 'NotReady'
  return jsonAt(object, 'spec', 'unschedulable') === true ? `${status},SchedulingDisabled` : status
}

const ROLE = 'node-role.kubernetes.io/'

function rolesText({ metadata }: KubeObject): string {
  const roles = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE)) return [key.slice(ROLE.length)]
    return key === 'kubernetes.io/role' && value !== '' ? [value] : []
  })
  return (
    [...new Set(roles)]
      .filter(role => role !== '')
      .sort()
      .join(',') || '<none>'
  )
}

function addressOf(object: KubeObject, type: string): Json {
  const found = listAt(object, 'status', 'addresses').find(each => textAt(each, 'type') === type)
  return textAt(found, 'address') ?? atOrNone('')(object, 0)
}

function taintErrors(object: KubeObject): readonly FieldError[] {
  const seen = new Set<string>()
  return listAt(object, 'spec', 'taints').flatMap((taint, index) => {
    const at = `spec.taints[${index}]`
    const id = `${textAt(taint, 'key') ?? ''}:${textAt(taint, 'effect') ?? ''}`
    const isTwice = seen.has(id)
    seen.add(id)
    return [
      ...named(taint, 'key', qualifiedNameProblem, at),
      ...oneOf(taint, 'effect', ['NoSchedule', 'PreferNoSchedule', 'NoExecute'], at),
      ...(isTwice ? [duplicate(at, taint)] : []),
    ]
  })
}

function changeErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const before = textAt(old, 'spec', 'providerID') ?? ''
  const now = textAt(object, 'spec', 'providerID') ?? ''
  if (before === '' || before === now) return []
  return [invalid('spec.providerID', now, 'node updates may not change providerID except from "" to valid')]
}
