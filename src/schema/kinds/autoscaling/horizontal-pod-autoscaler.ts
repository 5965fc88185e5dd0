import { at, column, countColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid, required } from '../../field-error.ts'
import { changePart, fill } from '../../fill.ts'
import { type Json, jsonAt, listAt, numberAt, textAt, wordOf } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { mustHave, positive } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { toV1, toV2 } from './older-form.ts'
import { targetsText } from './targets.ts'

const common = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  hasStatus: true,
} as const

/** Wants more or fewer pods of a workload, by what they use. */
export const horizontalPodAutoscaler = defineResource({
  ...common,
  version: 'v2',
  shape: kubernetesShape('V2HorizontalPodAutoscaler'),
  columns: [
    column('Reference', referenceText),
    column('Targets', targetsText),
    column('MinPods', object => wordOf(at('spec.minReplicas', '<unset>')(object, 0))),
    countColumn('MaxPods', 'spec.maxReplicas'),
    countColumn('Replicas', 'status.currentReplicas'),
  ],
  defaults: object => changePart(object, 'spec', spec => fill(spec, { minReplicas: 1, metrics: [CPU] })),
  validate: autoscalerErrors,
})

/** The same objects in the words of the first version, which knows the processor only. */
export const horizontalPodAutoscalerV1 = defineResource({
  ...common,
  version: 'v1',
  shape: kubernetesShape('V1HorizontalPodAutoscaler'),
  columns: horizontalPodAutoscaler.columns
    .filter(({ name }) => name !== 'Name' && name !== 'Age')
    .map(each => ({ ...each, cell: (object, nowMs) => each.cell(toV2(object), nowMs) })),
  defaults: object =>
    changePart(object, 'spec', spec => fill(spec, { minReplicas: 1, targetCPUUtilizationPercentage: 80 })),
  validate: object => autoscalerErrors(toV2(object)),
  storedForm: { group: 'autoscaling', plural: 'horizontalpodautoscalers', toServed: toV1, toStored: toV2 },
})

const CPU: Json = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
}

function referenceText(object: KubeObject): string {
  const target = jsonAt(object, 'spec', 'scaleTargetRef')
  return `${textAt(target, 'kind') ?? ''}/${textAt(target, 'name') ?? ''}`
}

function autoscalerErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const target = jsonAt(spec, 'scaleTargetRef')
  const [least, most] = [numberAt(spec, 'minReplicas') ?? 1, numberAt(spec, 'maxReplicas') ?? 0]
  return [
    ...mustHave(target, 'kind', 'spec.scaleTargetRef'),
    ...mustHave(target, 'name', 'spec.scaleTargetRef'),
    ...positive(spec, ['minReplicas', 'maxReplicas'], 'spec'),
    ...(most < least ? [invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')] : []),
    ...listAt(spec, 'metrics').flatMap((metric, index) => metricErrors(metric, `spec.metrics[${index}]`)),
  ]
}

const SOURCES: Readonly<Record<string, string>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
}

function metricErrors(metric: Json, field: string): readonly FieldError[] {
  const type = textAt(metric, 'type') ?? ''
  const source = Object.hasOwn(SOURCES, type) ? SOURCES[type] : undefined
  if (type === '') return [required(`${field}.type`, 'must specify a metric source type')]
  if (source === undefined) return [invalid(`${field}.type`, type, `must be one of ${Object.keys(SOURCES).join(', ')}`)]
  if (jsonAt(metric, source) !== undefined) return []
  return [required(`${field}.${source}`, 'must populate information for the given metric source')]
}
