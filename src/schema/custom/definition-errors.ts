import { type FieldError, invalid, notSupported, required } from '../field-error.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject, jsonAt, listAt, textAt } from '../json.ts'
import { subdomainProblem } from '../names.ts'
import type { KubeObject } from '../object.ts'
import { columnErrors } from './columns.ts'
import { compileSchema } from './compile.ts'
import { conversionErrors } from './conversion.ts'
import { isTrue, namesIn, versionsOf } from './definition.ts'
import { subresourceErrors } from './subresources.ts'

/**
 * What is wrong with a definition (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation); `old` is what it
 * replaces. Schemas that have not changed are not looked at again.
 */
export function definitionErrors(definition: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const changes = old === undefined ? [] : changeErrors(definition, old)
  if (old !== undefined && isSameJson(definition['spec'], old['spec'])) return changes
  return [
    ...nameErrors(definition),
    ...scopeErrors(definition),
    ...conversionErrors(definition),
    ...preserveErrors(definition),
    ...versionErrors(definition),
    ...versionsOf(definition).flatMap((version, index) => schemaErrorsOf(version, `spec.versions[${index}]`)),
    ...changes,
  ]
}

function nameErrors({ metadata, ...definition }: KubeObject): readonly FieldError[] {
  const group = textAt(definition['spec'], 'group') ?? ''
  const names = namesIn(jsonAt(definition['spec'], 'names'))
  const errors: FieldError[] = []
  if (metadata.name !== `${names.plural}.${group}`) {
    errors.push(invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  }
  const problem = subdomainProblem(group)
  if (group === '') errors.push(required('spec.group'))
  else if (problem !== undefined) errors.push(invalid('spec.group', group, problem))
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  if (/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) errors.push(...approvalErrors(metadata.annotations ?? {}))
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    errors.push(...wordErrors(names[field], `spec.names.${field}`, field === 'kind' || field === 'listKind'))
  }
  for (const field of ['shortNames', 'categories'] as const) {
    for (const [index, name] of names[field].entries())
      errors.push(...wordErrors(name, `spec.names.${field}[${index}]`, false))
  }
  if (names.kind !== '' && names.kind === names.listKind) {
    errors.push(invalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'))
  }
  return errors
}

function wordErrors(word: string, field: string, isMixed: boolean): readonly FieldError[] {
  if (word === '') return [required(field)]
  if (DNS_1035.test(isMixed ? word.toLowerCase() : word)) return []
  return [
    invalid(field, word, isMixed ? `may have mixed case, but should otherwise match: ${DNS_1035_RULE}` : DNS_1035_RULE),
  ]
}

// Groups of Kubernetes itself say who has agreed to their kinds (kubernetes.io/enhancements, KEP-1111).
function approvalErrors(annotations: Readonly<Record<string, string>>): readonly FieldError[] {
  const field = 'metadata.annotations[api-approved.kubernetes.io]'
  const value = annotations[APPROVED] ?? ''
  if (value === '')
    return [required(field, `protected groups must have approval annotation "${APPROVED}", ${APPROVED_HINT}`)]
  if (value.startsWith('unapproved') || URL.canParse(value)) return []
  return [
    invalid(
      field,
      value,
      `protected groups must have approval annotation "${APPROVED}" with either a URL or a reason starting with "unapproved", ${APPROVED_HINT}`,
    ),
  ]
}

function scopeErrors(definition: KubeObject): readonly FieldError[] {
  const scope = textAt(definition, 'spec', 'scope') ?? ''
  if (scope === '') return [required('spec.scope')]
  return SCOPES.includes(scope) ? [] : [notSupported('spec.scope', scope, SCOPES)]
}

function preserveErrors(definition: KubeObject): readonly FieldError[] {
  if (jsonAt(definition, 'spec', 'preserveUnknownFields') !== true) return []
  const rule = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
  return [invalid('spec.preserveUnknownFields', true, rule)]
}

function versionErrors(definition: KubeObject): readonly FieldError[] {
  const versions = versionsOf(definition)
  const names = versions.map(version => textAt(version, 'name') ?? '')
  const errors = versions.flatMap((version, index) => oneVersionErrors(version, `spec.versions[${index}]`))
  if (versions.length === 0) errors.push(required('spec.versions', 'must have at least one version'))
  if (new Set(names).size < names.length) {
    errors.push(invalid('spec.versions', names, 'must contain unique version names'))
  }
  if (versions.filter(version => version['storage'] === true).length !== 1) {
    errors.push(invalid('spec.versions', names, 'must have exactly one version marked as storage version'))
  }
  for (const [index, name] of listAt(definition, 'status', 'storedVersions').entries()) {
    if (typeof name !== 'string' || names.includes(name)) continue
    const rule = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    errors.push(invalid(`status.storedVersions[${index}]`, name, rule))
  }
  return errors
}

function oneVersionErrors(version: JsonObject, path: string): FieldError[] {
  const name = textAt(version, 'name') ?? ''
  const errors: FieldError[] = []
  if (!DNS_1035.test(name)) errors.push(invalid(`${path}.name`, name, DNS_1035_RULE))
  const warning = textAt(version, 'deprecationWarning')
  if (warning !== undefined && version['deprecated'] !== true) {
    errors.push(invalid(`${path}.deprecationWarning`, warning, 'can only be set for deprecated versions'))
  }
  if (warning !== undefined && (warning === '' || warning.length > WARNING_CHARS_MAX || /\p{Cc}/u.test(warning))) {
    errors.push(
      invalid(`${path}.deprecationWarning`, warning, `must be one line of 1 to ${WARNING_CHARS_MAX} characters`),
    )
  }
  return errors
}

function schemaErrorsOf(version: JsonObject, path: string): readonly FieldError[] {
  const schema = jsonAt(version, 'schema', 'openAPIV3Schema')
  const field = `${path}.schema.openAPIV3Schema`
  if (!isJsonObject(schema)) return [required(field, 'schemas are required')]
  const result = compileSchema(schema, field)
  if ('errors' in result) return result.errors
  return [...columnErrors(version, path), ...subresourceErrors(version, result.compiled.root, path)]
}

function changeErrors(definition: KubeObject, old: KubeObject): readonly FieldError[] {
  const isEstablished = isTrue(old, 'Established')
  const fixed: readonly (readonly string[])[] = [
    ['group'],
    ['names', 'plural'],
    ...(isEstablished ? [['scope'], ['names', 'kind']] : []),
  ]
  return fixed.flatMap(names => {
    const now: Json | undefined = jsonAt(definition, 'spec', ...names)
    const isSame = isSameJson(now, jsonAt(old, 'spec', ...names))
    return isSame ? [] : [invalid(`spec.${names.join('.')}`, now, 'field is immutable')]
  })
}

const DNS_1035 = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const DNS_1035_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const SCOPES = ['Cluster', 'Namespaced']
const APPROVED = 'api-approved.kubernetes.io'
const APPROVED_HINT = 'see https://github.com/kubernetes/enhancements/pull/1111'
const WARNING_CHARS_MAX = 256
