import { column, nameColumn, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { fill } from '../../fill.ts'
import { isJsonObject, isSameJson, type Json, jsonAt, listAt, textAt } from '../../json.ts'
import { segmentProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import type { Column } from '../../resource.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { selectorErrors } from '../pods/selector.ts'

const RBAC = 'rbac.authorization.k8s.io'

/** What may be done, as rules; a role gives nothing until a binding names it. */
export const role = defineResource({
  group: RBAC,
  kind: 'Role',
  plural: 'roles',
  shape: kubernetesShape('V1Role'),
  nameProblem: segmentProblem,
  table: [nameColumn, column('Created At', object => object.metadata.creationTimestamp, { type: 'date' })],
  validate: object => listAt(object, 'rules').flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`, true)),
  hasController: true,
})

/** As a role, for all namespaces and for what lies in none. */
export const clusterRole = defineResource({
  group: RBAC,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  isNamespaced: false,
  shape: kubernetesShape('V1ClusterRole'),
  nameProblem: segmentProblem,
  table: [nameColumn, column('Created At', object => object.metadata.creationTimestamp, { type: 'date' })],
  validate: clusterRoleErrors,
  hasController: true,
})

/** Who has a role in one namespace. */
export const roleBinding = defineResource({
  group: RBAC,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  shape: kubernetesShape('V1RoleBinding'),
  nameProblem: segmentProblem,
  columns: bindingColumns(),
  defaults: withSubjectGroups,
  validate: (object, old) => bindingErrors(object, old, ['Role', 'ClusterRole']),
  hasController: true,
})

/** Who has a cluster role everywhere. */
export const clusterRoleBinding = defineResource({
  group: RBAC,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  isNamespaced: false,
  shape: kubernetesShape('V1ClusterRoleBinding'),
  nameProblem: segmentProblem,
  columns: bindingColumns(),
  defaults: withSubjectGroups,
  validate: (object, old) => bindingErrors(object, old, ['ClusterRole']),
  hasController: true,
})

function bindingColumns(): readonly Column[] {
  const subjects = (object: KubeObject, kind: string) =>
    listAt(object, 'subjects').filter(each => textAt(each, 'kind') === kind)
  const names = (object: KubeObject, kind: string) =>
    subjects(object, kind)
      .map(each => textAt(each, 'name') ?? '')
      .join(', ')
  const accounts = (object: KubeObject) =>
    subjects(object, 'ServiceAccount').map(each => `${textAt(each, 'namespace') ?? ''}/${textAt(each, 'name') ?? ''}`)
  return [
    column('Role', object => `${textAt(object, 'roleRef', 'kind') ?? ''}/${textAt(object, 'roleRef', 'name') ?? ''}`),
    wideColumn('Users', object => names(object, 'User')),
    wideColumn('Groups', object => names(object, 'Group')),
    wideColumn('ServiceAccounts', object => accounts(object).join(', ')),
  ]
}

function withSubjectGroups(object: KubeObject): KubeObject {
  const subjects = jsonAt(object, 'subjects')
  const roleRef = jsonAt(object, 'roleRef')
  return {
    ...object,
    ...(isJsonObject(roleRef) ? { roleRef: fill(roleRef, { apiGroup: RBAC }) } : {}),
    ...(Array.isArray(subjects) ? { subjects: subjects.map(subjectWithGroup) } : {}),
  }
}

function subjectWithGroup(subject: Json): Json {
  if (!isJsonObject(subject) || subject['kind'] === 'ServiceAccount') return subject
  return fill(subject, { apiGroup: RBAC })
}

function clusterRoleErrors(object: KubeObject): readonly FieldError[] {
  const aggregation = jsonAt(object, 'aggregationRule')
  const selectors = listAt(aggregation, 'clusterRoleSelectors')
  const at = 'aggregationRule.clusterRoleSelectors'
  const rule = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
  return [
    ...listAt(object, 'rules').flatMap((each, index) => ruleErrors(each, `rules[${index}]`, false)),
    ...(aggregation !== undefined && selectors.length === 0 ? [required(at, rule)] : []),
    ...selectors.flatMap((each, index) => selectorErrors(each, `${at}[${index}]`)),
  ]
}

const BOTH = 'rules cannot apply to both regular resources and non-resource URLs'

function ruleErrors(rule: Json, field: string, isNamespaced: boolean): FieldError[] {
  const urls = listAt(rule, 'nonResourceURLs')
  if (listAt(rule, 'verbs').length === 0) return [required(`${field}.verbs`, 'verbs must contain at least one value')]
  const isBoth = urls.length > 0 && ['apiGroups', 'resources'].some(name => listAt(rule, name).length > 0)
  if (isBoth) return [invalid(`${field}.nonResourceURLs`, urls, BOTH)]
  if (urls.length > 0) {
    return isNamespaced
      ? [invalid(`${field}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs')]
      : []
  }
  return [
    ...(listAt(rule, 'apiGroups').length === 0
      ? [required(`${field}.apiGroups`, 'resource rules must supply at least one api group')]
      : []),
    ...(listAt(rule, 'resources').length === 0
      ? [required(`${field}.resources`, 'resource rules must supply at least one resource')]
      : []),
  ]
}

function bindingErrors(
  object: KubeObject,
  old: KubeObject | undefined,
  kinds: readonly string[],
): readonly FieldError[] {
  const kind = textAt(object, 'roleRef', 'kind') ?? ''
  const errors: FieldError[] = []
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds))
  if ((textAt(object, 'roleRef', 'name') ?? '') === '') errors.push(required('roleRef.name'))
  for (const [index, subject] of listAt(object, 'subjects').entries()) {
    errors.push(...subjectErrors(subject, `subjects[${index}]`))
  }
  if (old !== undefined && !isSameJson(object['roleRef'], old['roleRef'])) {
    errors.push(invalid('roleRef', object['roleRef'], 'cannot change roleRef'))
  }
  return errors
}

function subjectErrors(subject: Json, field: string): FieldError[] {
  const kinds = ['ServiceAccount', 'User', 'Group']
  const kind = textAt(subject, 'kind') ?? ''
  if ((textAt(subject, 'name') ?? '') === '') return [required(`${field}.name`)]
  if (!kinds.includes(kind)) return [notSupported(`${field}.kind`, kind, kinds)]
  if (kind !== 'ServiceAccount' || textAt(subject, 'namespace') !== undefined) return []
  return [required(`${field}.namespace`)]
}
