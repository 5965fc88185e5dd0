import { at, atOrNone, column, flagText, since } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { type Json, type JsonObject, jsonAt, listAt, textAt } from '../../json.ts'
import { subdomainProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { notNegative, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { selectorText } from '../pods/selector.ts'
import { templateColumns } from '../pods/template-columns.ts'
import { jobSpecErrors } from './job.ts'
import { scheduleProblem, timeZoneProblem } from './schedule.ts'

/** Jobs that are made again and again, at times that a schedule says. */
export const cronJob = defineResource({
  group: 'batch',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  shape: kubernetesShape('V1CronJob'),
  hasStatus: true,
  nameProblem: name => (name.length > 52 ? 'must be no more than 52 characters' : subdomainProblem(name)),
  columns: [
    column('Schedule', at('spec.schedule')),
    column('Timezone', atOrNone('spec.timeZone')),
    column('Suspend', object => flagText(jsonAt(object, 'spec', 'suspend')), { type: 'boolean' }),
    column('Active', object => listAt(object, 'status', 'active').length, { type: 'integer' }),
    column('Last Schedule', since('status.lastScheduleTime', '<none>')),
    ...templateColumns(['spec', 'jobTemplate', 'spec', 'template'], spec => selectorText(jsonAt(spec, 'selector'))),
  ],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate: object => [...planErrors(object), ...jobSpecErrors(jobSpecOf(object), 'spec.jobTemplate.spec')],
})

function specDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  })
  return changeObject(filled, 'jobTemplate', template =>
    changeObject(template, 'spec', job => changeObject(job, 'template', podTemplateDefaults)),
  )
}

function jobSpecOf(object: KubeObject) {
  return jsonAt(object, 'spec', 'jobTemplate', 'spec')
}

function planErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const schedule = textAt(spec, 'schedule') ?? ''
  const zone = textAt(spec, 'timeZone')
  const problem = schedule === '' ? undefined : scheduleProblem(schedule)
  const zoneProblem = zone === undefined ? undefined : timeZoneProblem(zone)
  return [
    ...(schedule === '' ? [required('spec.schedule')] : []),
    ...(problem === undefined ? [] : [invalid('spec.schedule', schedule, problem)]),
    ...(zoneProblem === undefined ? [] : [invalid('spec.timeZone', zone, zoneProblem)]),
    ...oneOf(spec, 'concurrencyPolicy', ['Allow', 'Forbid', 'Replace'], 'spec'),
    ...selectorErrors(jobSpecOf(object)),
    ...notNegative(spec, ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'], 'spec'),
  ]
}

// Each job finds its pods by its own uid.
function selectorErrors(job: Json | undefined): readonly FieldError[] {
  const at = 'spec.jobTemplate.spec'
  const selector = jsonAt(job, 'selector')
  const isManual = jsonAt(job, 'manualSelector') === true
  return [
    ...(selector === undefined ? [] : [invalid(`${at}.selector`, selector, '`selector` will be auto-generated')]),
    ...(isManual ? [notSupported(`${at}.manualSelector`, true, ['nil', 'false'])] : []),
  ]
}
