import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonAt, textAt } from '../../json.ts'
import { judge, judgeChange } from '../testing.ts'
import { cronJob } from './cron-job.ts'
import { job } from './job.ts'
import { scheduleProblem, timeZoneProblem } from './schedule.ts'

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'a:1' }] } }

test('a job finds its own pods by its uid', () => {
  const { object, problems } = judge(job, { spec: { template } })
  assert.deepEqual(problems, [])
  assert.deepEqual(jsonAt(object, 'spec', 'selector'), { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u1' } })
  assert.equal(textAt(object, 'spec', 'template', 'metadata', 'labels', 'job-name'), 'sample')
  for (const [name, value] of Object.entries({ completions: 1, parallelism: 1, backoffLimit: 6, suspend: false })) {
    assert.equal(jsonAt(object, 'spec', name), value, name)
  }
})

test('a job that is wrong is refused', () => {
  const policy = { template: { spec: { ...template.spec, restartPolicy: 'Always' } } }
  const bad: readonly (readonly [JsonObject, string])[] = [
    [policy, 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    [{ template, parallelism: -1 }, 'spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
    [
      { template, completionMode: 'Indexed', parallelism: 2 },
      'spec.completions: Required value: when completion mode is Indexed',
    ],
  ]
  for (const [spec, problem] of bad) assert.deepEqual(judge(job, { spec }).problems, [problem])
  const rule = (more: JsonObject): JsonObject => ({
    template,
    podFailurePolicy: { rules: [{ action: 'Ignore', ...more }] },
  })
  const at = 'spec.podFailurePolicy.rules[0]'
  const codes = (values: number[], more: JsonObject = {}) => rule({ onExitCodes: { operator: 'In', values, ...more } })
  const policies: readonly (readonly [JsonObject, string])[] = [
    [rule({}), `${at}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`],
    [codes([0]), `${at}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator`],
    [codes([2, 1]), `${at}.onExitCodes.values: Invalid value: [2,1]: must be ordered`],
    [codes([1, 1]), `${at}.onExitCodes.values[1]: Duplicate value: 1`],
    [
      codes([1], { containerName: 'x' }),
      `${at}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`,
    ],
    [
      { template, backoffLimitPerIndex: 1 },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      { template, completionMode: 'Indexed', completions: 2, maxFailedIndexes: 1 },
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    ],
    [
      { template, completionMode: 'Indexed', completions: 2, successPolicy: { rules: [{ succeededCount: 3 }] } },
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of specified completions)',
    ],
  ]
  for (const [spec, problem] of policies) assert.deepEqual(judge(job, { spec }).problems, [problem])
})

test('the template of a job is fixed once it has begun', () => {
  const other = { spec: { ...template.spec, containers: [{ name: 'c', image: 'b:1' }] } }
  const { object: old } = judge(job, { spec: { template } })
  const again = { ...old, spec: { ...Object(old['spec']), template: other } }
  assert.match(judge(job, again, old).problems.join(), /spec.template: Invalid value: .*: field is immutable/)
  const paused = { spec: { template, suspend: true } }
  const { object: asleep } = judge(job, paused)
  assert.deepEqual(judge(job, { ...asleep, spec: { ...Object(asleep['spec']), template: other } }, asleep).problems, [])
})

test('a cron job gets what people leave out, and is refused when it is wrong', () => {
  const body = (spec: JsonObject): JsonObject => ({
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template } }, ...spec },
  })
  const { object, problems } = judge(cronJob, body({}))
  assert.deepEqual(problems, [])
  assert.equal(jsonAt(object, 'spec', 'concurrencyPolicy'), 'Allow')
  assert.equal(jsonAt(object, 'spec', 'successfulJobsHistoryLimit'), 3)
  assert.deepEqual(judge(cronJob, body({ schedule: '* * *' })).problems, [
    'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
  ])
  assert.match(judge(cronJob, { ...body({}), metadata: { name: 'a'.repeat(53) } }).problems.join(), /no more than 52/)
  const own = { jobTemplate: { spec: { template, selector: { matchLabels: { a: 'b' } } } } }
  assert.deepEqual(judge(cronJob, body(own)).problems, [
    'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
  ])
  assert.deepEqual(judgeChange(cronJob, body({}), body({ schedule: '@daily', suspend: true })), [])
})

test('schedules and time zones are checked', () => {
  for (const good of ['0 3 * * 1-5', '*/15 0-6,12 1 jan-mar sun', '@hourly', '@every 1h30m']) {
    assert.equal(scheduleProblem(good), undefined, good)
  }
  for (const bad of [
    '60 * * * *',
    '5-1 * * * *',
    '* * 0 * *',
    'a * * * *',
    '*/0 * * * *',
    '@often',
    'TZ=UTC * * * * *',
  ]) {
    assert.notEqual(scheduleProblem(bad), undefined, bad)
  }
  assert.equal(timeZoneProblem('Europe/Berlin'), undefined)
  assert.equal(timeZoneProblem('Europe/Nowhere'), 'unknown time zone Europe/Nowhere')
})
