import {
  conditionOf,
  type DefinedNames,
  isJsonObject,
  isSameJson,
  isTrue,
  type Json,
  type JsonObject,
  jsonAt,
  type KubeObject,
  listAt,
  namesIn,
  textAt,
} from '#schema'

/** How far the deletion of a definition's objects has come; undefined while it is not being deleted. */
export type Cleanup = { readonly left: number; readonly failure: string | undefined } | undefined

/**
 * The status a definition is to have: the names it was granted, since no other in its group has them, and what of it is
 * true (k8s.io/apiextensions-apiserver/pkg/controller/status). `others` are the definitions of its group.
 */
export function definitionStatus(
  definition: KubeObject,
  {
    others,
    cleanup,
    time,
  }: { readonly others: readonly KubeObject[]; readonly cleanup: Cleanup; readonly time: string },
): JsonObject {
  const wanted = namesIn(jsonAt(definition, 'spec', 'names'))
  const granted = namesIn(jsonAt(definition, 'status', 'acceptedNames'))
  const conflict = conflictOf(
    wanted,
    others.filter(({ metadata }) => metadata.name !== definition.metadata.name),
  )
  const accepted = conflict === undefined ? wanted : granted
  const wasEstablished = isTrue(definition, 'Established')
  const rows: readonly Row[] = [
    conflict === undefined
      ? ['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found']
      : ['NamesAccepted', 'False', conflict.reason, conflict.message],
    conflict === undefined || wasEstablished
      ? ['Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted']
      : ['Established', 'False', 'NotAccepted', 'not all names are accepted'],
    ...approvalRows(definition),
    ...(cleanup === undefined ? [] : [cleanupRow(cleanup)]),
  ]
  const status = isJsonObject(definition['status']) ? definition['status'] : {}
  const conditions = rows.map(row => conditionFor(definition, row, time))
  const next = { ...status, acceptedNames: written(accepted), conditions: inOldOrder(definition, conditions) }
  return isSameJson(next, status) ? status : next
}

type Row = readonly [type: string, status: 'True' | 'False', reason: string, message: string]

function conflictOf(wanted: DefinedNames, others: readonly KubeObject[]) {
  const taken = others.map(other => namesIn(jsonAt(other, 'status', 'acceptedNames')))
  const words = new Set(taken.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]))
  const kinds = new Set(taken.flatMap(({ kind, listKind }) => [kind, listKind]))
  const checks: readonly (readonly [string, readonly string[], ReadonlySet<string>])[] = [
    ['PluralConflict', [wanted.plural], words],
    ['SingularConflict', [wanted.singular], words],
    ['ShortNamesConflict', wanted.shortNames, words],
    ['KindConflict', [wanted.kind], kinds],
    ['ListKindConflict', [wanted.listKind], kinds],
  ]
  for (const [reason, names, used] of checks) {
    const found = names.find(name => name !== '' && used.has(name))
    if (found !== undefined) return { reason, message: `${JSON.stringify(found)} is already in use` }
  }
  return undefined
}

function approvalRows({ metadata, ...definition }: KubeObject): readonly Row[] {
  const group = textAt(definition['spec'], 'group') ?? ''
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group)) return []
  const value = metadata.annotations?.['api-approved.kubernetes.io'] ?? ''
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (!value.startsWith('unapproved')) return [[type, 'True', 'ApprovedAnnotation', `approved in ${value}`]]
  return [[type, 'False', 'UnapprovedAnnotation', `not approved: ${JSON.stringify(value)}`]]
}

function cleanupRow({ left, failure }: Exclude<Cleanup, undefined>): Row {
  if (failure !== undefined)
    return ['Terminating', 'True', 'InstanceDeletionFailed', `could not list instances: ${failure}`]
  if (left > 0) return ['Terminating', 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress']
  return ['Terminating', 'False', 'InstanceDeletionCompleted', 'removed all instances']
}

function conditionFor(definition: KubeObject, [type, status, reason, message]: Row, time: string): JsonObject {
  const before = conditionOf(definition, type)
  const isSame = textAt(before, 'status') === status
  const lastTransitionTime = isSame ? (textAt(before, 'lastTransitionTime') ?? time) : time
  return { lastTransitionTime, message, reason, status, type }
}

// Conditions of others, and the order of ours, stay.
function inOldOrder(definition: KubeObject, conditions: readonly JsonObject[]): readonly Json[] {
  const made = new Map(conditions.map(condition => [textAt(condition, 'type'), condition]))
  const old = listAt(definition, 'status', 'conditions')
  const known = new Set(old.map(condition => textAt(condition, 'type')))
  return [
    ...old.map(condition => made.get(textAt(condition, 'type')) ?? condition),
    ...conditions.filter(condition => !known.has(textAt(condition, 'type'))),
  ]
}

function written({ plural, singular, kind, listKind, shortNames, categories }: DefinedNames): JsonObject {
  return {
    plural,
    ...(singular === '' ? {} : { singular }),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    kind,
    ...(listKind === '' ? {} : { listKind }),
    ...(categories.length === 0 ? {} : { categories }),
  }
}
