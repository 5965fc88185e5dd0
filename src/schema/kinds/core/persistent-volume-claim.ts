import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { changePart, fill, fillPart } from '../../fill.ts'
import { isSameJson, type Json, jsonAt, textAt } from '../../json.ts'
import { subdomainProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { compareQuantities, quantityOf } from '../../quantity.ts'
import { named, oneOf, without } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { selectorErrors } from '../pods/selector.ts'
import { accessModeErrors, accessModesText } from './access-modes.ts'

/** A wish for storage, bound to a volume that grants it. */
export const persistentVolumeClaim = defineResource({
  group: '',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  shape: kubernetesShape('V1PersistentVolumeClaim'),
  hasStatus: true,
  columns: [
    column('Status', statusText),
    column('Volume', at('spec.volumeName')),
    column('Capacity', object => (isBound(object) ? at('status.capacity.storage')(object, 0) : '')),
    column('Access Modes', object => (isBound(object) ? accessModesText(jsonAt(object, 'status', 'accessModes')) : '')),
    column('StorageClass', at('spec.storageClassName')),
    column('VolumeAttributesClass', at('spec.volumeAttributesClassName', '<unset>')),
    wideColumn('VolumeMode', at('spec.volumeMode', '<unset>')),
  ],
  defaults: object => {
    const filled = changePart(object, 'spec', spec => fill(spec, { volumeMode: 'Filesystem' }))
    return fillPart(filled, 'status', { phase: 'Pending' })
  },
  validate: (object, old) => [...claimErrors(object['spec'], 'spec'), ...changeErrors(object, old)],
})

function statusText(object: KubeObject): string {
  return object.metadata.deletionTimestamp === undefined ? (textAt(object, 'status', 'phase') ?? '') : 'Terminating'
}

function isBound(object: KubeObject): boolean {
  return (textAt(object, 'spec', 'volumeName') ?? '') !== ''
}

/** What is wrong with what a claim asks for. */
export function claimErrors(spec: Json | undefined, field: string): readonly FieldError[] {
  const size = jsonAt(spec, 'resources', 'requests', 'storage')
  const amount = quantityOf(size)
  const at = `${field}.resources[storage]`
  return [
    ...accessModeErrors(jsonAt(spec, 'accessModes'), `${field}.accessModes`),
    ...(amount === undefined ? [required(at)] : []),
    ...(amount !== undefined && amount.nanos <= 0n ? [invalid(at, size, 'must be greater than zero')] : []),
    ...oneOf(spec, 'volumeMode', ['Block', 'Filesystem'], field),
    ...named(spec, 'storageClassName', subdomainProblem, field),
    ...selectorErrors(jsonAt(spec, 'selector'), `${field}.selector`),
  ]
}

const MAY_CHANGE = ['resources', 'volumeAttributesClassName']

// A claim may be bound, and may ask for more; all else stays.
function changeErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  if (old === undefined) return []
  const isUnbound = !isBound(old)
  const rest = (each: KubeObject) => without(each['spec'], isUnbound ? [...MAY_CHANGE, 'volumeName'] : MAY_CHANGE)
  const rule =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
  const errors = isSameJson(rest(object), rest(old)) ? [] : [forbidden('spec', rule)]
  const [now, before] = [object, old].map(each => quantityOf(jsonAt(each, 'spec', 'resources', 'requests', 'storage')))
  if (now === undefined || before === undefined || compareQuantities(now, before) >= 0) return errors
  const field = 'spec.resources.requests.storage'
  return [...errors, forbidden(field, 'field can not be less than status.capacity')]
}
