import { column, humanDuration } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import type { FieldError } from '../../field-error.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, numberAt, textAt, wordOf } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, notNegative, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { conditionStatus } from '../pods/pod-status.ts'
import { selectorErrors } from '../pods/selector.ts'
import { templateColumns } from '../pods/template-columns.ts'
import { templateErrors, templateLabelErrors } from '../pods/workload.ts'
import { jobPolicyErrors } from './job-rules.ts'

/** Pods that run until enough of them have succeeded. */
export const job = defineResource({
  group: 'batch',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  shape: kubernetesShape('V1Job'),
  hasStatus: true,
  columns: [
    column('Status', statusText),
    column('Completions', completionsText),
    column('Duration', durationText),
    ...templateColumns(),
  ],
  // Its own labels are taken from the template again once that has those that tell its pods.
  defaults: (object, old) => withDefaults(old === undefined ? withOwnSelector(withDefaults(object)) : object),
  validate: (object, old) => [
    ...jobSpecErrors(object['spec'], 'spec'),
    ...(old === undefined
      ? templateLabelErrors(jsonAt(object, 'spec', 'selector'), jsonAt(object, 'spec', 'template'))
      : []),
    ...changeErrors(object, old),
  ],
  selectableFields: { 'status.successful': object => String(numberAt(object, 'status', 'succeeded') ?? 0) },
})

/** What is wrong with what a job is to do. */
export function jobSpecErrors(spec: Json | undefined, field: string): readonly FieldError[] {
  const counts = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']
  return [
    ...notNegative(spec, [...counts, 'backoffLimitPerIndex', 'maxFailedIndexes'], field),
    ...oneOf(spec, 'completionMode', ['Indexed', 'NonIndexed'], field),
    ...jobPolicyErrors(spec, field),
    ...selectorErrors(jsonAt(spec, 'selector'), `${field}.selector`),
    ...templateErrors(jsonAt(spec, 'template'), undefined, `${field}.template`),
  ]
}

function withDefaults(object: KubeObject): KubeObject {
  const labels = jsonAt(object, 'spec', 'template', 'metadata', 'labels')
  const has = Object.keys(object.metadata.labels ?? {}).length > 0 || !isJsonObject(labels)
  const metadata = has ? object.metadata : { ...object.metadata, labels: wordsOf(labels) }
  return changePart({ ...object, metadata }, 'spec', specDefaults)
}

function specDefaults(spec: JsonObject): JsonObject {
  const isOne = spec['completions'] === undefined && spec['parallelism'] === undefined
  const replacement = spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed'
  const filled = fill(spec, {
    ...(isOne ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: spec['backoffLimitPerIndex'] === undefined ? 6 : 2_147_483_647,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: replacement,
  })
  return changeObject(filled, 'template', podTemplateDefaults)
}

// Finds its own pods by its uid, which nobody else has, unless people say how.
function withOwnSelector(object: KubeObject): KubeObject {
  const { name, uid } = object.metadata
  if (jsonAt(object, 'spec', 'manualSelector') === true || jsonAt(object, 'spec', 'selector') !== undefined)
    return object
  const own = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
  const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
  return changePart(object, 'spec', spec =>
    changeObject({ ...spec, selector }, 'template', template =>
      changeObject(fill(template, { metadata: {} }), 'metadata', metadata => ({
        ...metadata,
        labels: { ...wordsOf(jsonAt(metadata, 'labels')), ...own },
      })),
    ),
  )
}

function wordsOf(labels: Json | undefined): Readonly<Record<string, string>> {
  if (!isJsonObject(labels)) return {}
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, wordOf(value)]))
}

function changeErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const isPaused = jsonAt(old, 'spec', 'suspend') === true && textAt(old, 'status', 'startTime') === undefined
  const fields = [
    'selector',
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ]
  const isIndexed = jsonAt(old, 'spec', 'completionMode') === 'Indexed'
  const more = [...(isPaused ? [] : ['template']), ...(isIndexed ? [] : ['completions'])]
  return immutable(
    jsonAt(object, 'spec'),
    old === undefined ? undefined : jsonAt(old, 'spec'),
    [...more, ...fields],
    'spec',
  )
}

function statusText(object: KubeObject): string {
  const is = (type: string) => conditionStatus(object, type) === 'True'
  if (is('Complete')) return 'Complete'
  if (is('Failed')) return 'Failed'
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(is) ?? 'Running'
}

function completionsText(object: KubeObject): string {
  const done = numberAt(object, 'status', 'succeeded') ?? 0
  const wanted = numberAt(object, 'spec', 'completions')
  if (wanted !== undefined) return `${done}/${wanted}`
  const parallel = numberAt(object, 'spec', 'parallelism') ?? 0
  return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`
}

function durationText(object: KubeObject, nowMs: number): string {
  const started = textAt(object, 'status', 'startTime')
  if (started === undefined) return ''
  const ended = textAt(object, 'status', 'completionTime')
  const endMs = ended === undefined ? nowMs : Date.parse(ended)
  return humanDuration(Math.max(0, Math.floor((endMs - Date.parse(started)) / 1000)))
}
