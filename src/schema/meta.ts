import { type FieldError, forbidden, invalid, required } from './field-error.ts'
import { isSameJson, type Json } from './json.ts'
import { ANNOTATIONS_BYTES_MAX } from './limits.ts'
import { labelProblem, labelValueProblem, qualifiedNameProblem } from './names.ts'
import type { KubeObject, ObjectMeta } from './object.ts'
import type { Resource } from './resource.ts'

/** What is wrong with an object's metadata (k8s.io/apimachinery/pkg/api/validation); `old` is what it replaces. */
export function metaErrors(
  resource: Pick<Resource, 'nameProblem' | 'isNamespaced'>,
  { metadata }: KubeObject,
  old: KubeObject | undefined,
): readonly FieldError[] {
  return [
    ...nameErrors(resource, metadata),
    ...mapErrors(metadata.labels, 'metadata.labels', labelValueProblem),
    ...mapErrors(metadata.annotations, 'metadata.annotations', () => undefined),
    ...sizeErrors(metadata),
    ...(metadata.finalizers ?? []).flatMap((name, index) =>
      problem(`metadata.finalizers[${index}]`, name, qualifiedNameProblem(name)),
    ),
    ...ownerErrors(metadata),
    ...(old === undefined ? [] : changeErrors(metadata, old.metadata)),
  ]
}

function nameErrors({ nameProblem, isNamespaced }: Pick<Resource, 'nameProblem' | 'isNamespaced'>, meta: ObjectMeta) {
  const errors: FieldError[] = []
  if (meta.name === '') errors.push(required('metadata.name', 'name or generateName is required'))
  else errors.push(...problem('metadata.name', meta.name, nameProblem(meta.name)))
  if (isNamespaced)
    errors.push(...problem('metadata.namespace', meta.namespace ?? '', labelProblem(meta.namespace ?? '')))
  else if (meta.namespace !== undefined) errors.push(forbidden('metadata.namespace', 'not allowed on this type'))
  return errors
}

function mapErrors(
  values: Readonly<Record<string, string>> | undefined,
  field: string,
  valueProblem: (value: string) => string | undefined,
): FieldError[] {
  return Object.entries(values ?? {}).flatMap(([key, value]) => [
    ...problem(field, key, qualifiedNameProblem(field === 'metadata.annotations' ? key.toLowerCase() : key)),
    ...problem(field, value, valueProblem(value)),
  ])
}

function sizeErrors({ annotations = {} }: ObjectMeta): FieldError[] {
  const bytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (bytes <= ANNOTATIONS_BYTES_MAX) return []
  const message = `Too long: may not be more than ${ANNOTATIONS_BYTES_MAX} bytes`
  return [{ field: 'metadata.annotations', reason: 'FieldValueTooLong', message }]
}

function ownerErrors({ ownerReferences = [] }: ObjectMeta): FieldError[] {
  const controllers = ownerReferences.filter(owner => owner.controller === true)
  const errors = ownerReferences.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const).flatMap(name =>
      owner[name] === '' ? [invalid(`metadata.ownerReferences[${index}].${name}`, '', 'must not be empty')] : [],
    ),
  )
  if (controllers.length <= 1) return errors
  return [
    ...errors,
    invalid('metadata.ownerReferences', controllers, 'Only one reference can have Controller set to true'),
  ]
}

const FIXED = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const

function changeErrors(now: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors = FIXED.filter(name => !isSameJson(now[name], old[name])).map(name =>
    invalid(`metadata.${name}`, now[name], 'field is immutable'),
  )
  if (old.deletionTimestamp === undefined) return errors
  const added = (now.finalizers ?? []).filter(name => !(old.finalizers ?? []).includes(name))
  if (added.length === 0) return errors
  return [...errors, forbidden('metadata.finalizers', 'no new finalizers can be added if the object is being deleted')]
}

function problem(field: string, value: Json, detail: string | undefined): FieldError[] {
  return detail === undefined ? [] : [invalid(field, value, detail)]
}
