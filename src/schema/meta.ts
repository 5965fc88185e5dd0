import { type FieldError, forbidden, invalid, required } from './field-error.ts'
import { isSameJson, type Json, listAt, textAt } from './json.ts'
import { ANNOTATIONS_BYTES_MAX } from './limits.ts'
import { labelProblem, labelValueProblem, qualifiedNameProblem } from './names.ts'
import type { KubeObject, ObjectMeta } from './object.ts'
import type { Resource } from './resource.ts'

/** What is wrong with an object's metadata (k8s.io/apimachinery/pkg/api/validation); `old` is what it replaces. */
export function metaErrors(
  resource: MetaFacts,
  { metadata }: KubeObject,
  old: KubeObject | undefined,
): readonly FieldError[] {
  return [
    ...nameErrors(resource, metadata),
    ...mapErrors(metadata.labels, 'metadata.labels', labelValueProblem),
    ...mapErrors(metadata.annotations, 'metadata.annotations', () => undefined),
    ...sizeErrors(metadata),
    ...finalizerErrors(resource, metadata),
    ...managerErrors(metadata),
    ...ownerErrors(metadata),
    ...(old === undefined ? [] : changeErrors(metadata, old.metadata)),
  ]
}

/** What the rules ask of a kind. */
export type MetaFacts = Pick<Resource, 'nameProblem' | 'isNamespaced' | 'group' | 'custom'>

function nameErrors({ nameProblem, isNamespaced }: MetaFacts, meta: ObjectMeta) {
  const errors: FieldError[] = []
  const { generateName } = meta
  // What is made of it has letters behind it, so that it may end with a hyphen.
  if (typeof generateName === 'string' && generateName !== '') {
    errors.push(...problem('metadata.generateName', generateName, nameProblem(generateName.replace(/(.)-$/, '$1a'))))
  }
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
  const bytes = Object.entries(annotations)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  if (bytes <= ANNOTATIONS_BYTES_MAX) return []
  const message = `Too long: may not be more than ${ANNOTATIONS_BYTES_MAX} bytes`
  return [{ field: 'metadata.annotations', reason: 'FieldValueTooLong', message }]
}

// Names without a domain are Kubernetes' own, but for kinds that people define.
function finalizerErrors({ group, custom }: MetaFacts, { finalizers = [] }: ObjectMeta): FieldError[] {
  const isAny = custom !== undefined || group === 'apiextensions.k8s.io'
  const errors = finalizers.flatMap((name, index) => {
    const at = `metadata.finalizers[${index}]`
    const wrong = problem(at, name, qualifiedNameProblem(name))
    if (wrong.length > 0 || isAny || name.includes('/') || STANDARD_FINALIZERS.has(name)) return wrong
    return [invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified')]
  })
  if (!finalizers.includes(FOREGROUND) || !finalizers.includes(ORPHAN)) return errors
  return [...errors, invalid('metadata.finalizers', finalizers, BOTH)]
}

const [FOREGROUND, ORPHAN] = ['foregroundDeletion', 'orphan']
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', FOREGROUND, ORPHAN])
const BOTH = `finalizer ${FOREGROUND} and ${ORPHAN} cannot be both set`

// k8s.io/apimachinery/pkg/apis/meta/v1/validation ValidateManagedFields. One empty entry asks to forget all.
function managerErrors({ managedFields }: ObjectMeta): FieldError[] {
  const entries = listAt({ list: managedFields }, 'list')
  if (isSameJson(entries, [{}])) return []
  return entries.flatMap((entry, index) => {
    const at = `metadata.managedFields[${index}]`
    const [operation, type = ''] = [textAt(entry, 'operation') ?? '', textAt(entry, 'fieldsType')]
    const isKnown = operation === 'Apply' || operation === 'Update'
    const isTyped = type === '' || type === 'FieldsV1'
    return [
      ...(isKnown ? [] : [invalid(`${at}.operation`, operation, 'must be `Apply` or `Update`')]),
      ...(isTyped ? [] : [invalid(`${at}.fieldsType`, type, 'must be `FieldsV1`')]),
    ]
  })
}

function ownerErrors({ ownerReferences = [] }: ObjectMeta): FieldError[] {
  const field = 'metadata.ownerReferences'
  const errors = ownerReferences.flatMap((owner, index) => {
    const at = `${field}[${index}]`
    const isVersioned = !(owner.apiVersion ?? '').endsWith('/') && (owner.apiVersion ?? '') !== ''
    const isEvent = owner.kind === 'Event' && owner.apiVersion === 'v1'
    return [
      ...(isVersioned ? [] : [invalid(`${at}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty')]),
      ...(['kind', 'name', 'uid'] as const)
        .filter(name => (owner[name] ?? '') === '')
        .map(name => invalid(`${at}.${name}`, '', 'must not be empty')),
      ...(isEvent ? [invalid(at, owner, 'v1, Kind=Event is disallowed from being an owner')] : []),
    ]
  })
  const [first, second] = ownerReferences.filter(owner => owner.controller === true)
  if (first === undefined || second === undefined) return errors
  const both = `${first.kind}/${first.name} and ${second.kind}/${second.name}`
  const rule = `Only one reference can have Controller set to true. Found "true" in references for ${both}`
  return [...errors, invalid(field, ownerReferences, rule)]
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
