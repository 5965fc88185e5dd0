import { column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changeObject, fill } from '../../fill.ts'
import type { JsonObject } from '../../json.ts'
import { listAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { selectorText } from '../pods/selector.ts'
import { workloadErrors } from '../pods/workload.ts'

/** As many pods of one template as wanted, replaced step by step when it changes. */
export const deployment = defineResource({
  group: 'apps',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  shape: kubernetesShape('V1Deployment'),
  hasStatus: true,
  scale: {
    replicas: ['spec', 'replicas'],
    status: ['status', 'replicas'],
    selector: ['spec', 'selector'],
  },
  columns: [
    column('Ready', object => `${count(object, 'readyReplicas')}/${numberAt(object, 'spec', 'replicas') ?? 0}`),
    column('Up-to-date', object => count(object, 'updatedReplicas'), { type: 'integer' }),
    column('Available', object => count(object, 'availableReplicas'), { type: 'integer' }),
    wideColumn('Containers', object => containers(object, 'name')),
    wideColumn('Images', object => containers(object, 'image')),
    wideColumn('Selector', object => selectorText(object)),
  ],
  defaults: object => ({ ...object, ...changeObject({ spec: object['spec'] }, 'spec', specDefaults) }),
  validate: workloadErrors,
})

function specDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  const planned = changeObject(filled, 'strategy', strategyDefaults)
  return changeObject(planned, 'template', podTemplateDefaults)
}

function strategyDefaults(strategy: JsonObject): JsonObject {
  const typed = fill(strategy, { type: 'RollingUpdate' })
  if (typed['type'] !== 'RollingUpdate') return typed
  const rolling = fill(typed, { rollingUpdate: {} })
  return changeObject(rolling, 'rollingUpdate', value => fill(value, { maxUnavailable: '25%', maxSurge: '25%' }))
}

function count(object: KubeObject, field: string): number {
  return numberAt(object, 'status', field) ?? 0
}

function containers(object: KubeObject, field: string): string {
  return listAt(object, 'spec', 'template', 'spec', 'containers')
    .map(container => textAt(container, field) ?? '')
    .join(',')
}
