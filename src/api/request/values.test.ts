import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, runSteps } from '#base'
import { kubernetesShape } from '#schema'
import { BODY_VALUES_MAX } from '../limits.ts'
import { parseJson, readSent } from './body.ts'
import { readingYaml } from './yaml.ts'

const shape = kubernetesShape('V1ConfigMap')
const refused = (run: () => unknown) => assert.throws(run, error => isFault(error, 'RequestEntityTooLarge'))

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `"key-${index}":"a,b{[\\""`).join(',')
}

test('a body has so many values and no more, whatever says that it is JSON', () => {
  // The data are a value too; commas and brackets in texts are none.
  const [fits, over] = [BODY_VALUES_MAX - 1, BODY_VALUES_MAX].map(count => Buffer.from(`{"data":{${keys(count)}}}`))
  for (const type of ['application/json', 'application/yaml']) {
    readSent(fits!, type, shape)
    refused(() => readSent(over!, type, shape))
  }
  parseJson(fits!)
  refused(() => parseJson(over!))
  refused(() => parseJson(Buffer.from(`[${'0,'.repeat(BODY_VALUES_MAX)}0`)))
})

test('what aliases of YAML make is counted as often as it is there', () => {
  const list = `a: &a [${'1,'.repeat(1000)}1]\n`
  const uses = Array.from({ length: 80 }, (_, index) => `b${index}: *a\n`).join('')
  refused(() => runSteps(readingYaml(list + uses)))
})
