import { column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, invalid } from '../../field-error.ts'
import { isJsonObject, isSameJson, type JsonObject, jsonAt, wordOf } from '../../json.ts'
import { CONFIG_BYTES_MAX } from '../../limits.ts'
import { dataKeyProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Settings for programs: text and bytes under names. */
export const configMap = defineResource({
  group: '',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  shape: kubernetesShape('V1ConfigMap'),
  columns: [
    column('Data', object => dataKeys(object).length, { type: 'integer', description: 'How many entries there are.' }),
  ],
  validate: (object, old) => [...keyErrors(object), ...sizeErrors(object), ...immutableErrors(object, old)],
  hasController: true,
})

function dataKeys(object: KubeObject): readonly string[] {
  return ['data', 'binaryData'].flatMap(field => Object.keys(partOf(object, field)))
}

function partOf(object: KubeObject, field: string): JsonObject {
  const part = jsonAt(object, field)
  return isJsonObject(part) ? part : {}
}

function keyErrors(object: KubeObject): readonly FieldError[] {
  const blobs = partOf(object, 'binaryData')
  const errors: FieldError[] = []
  for (const field of ['data', 'binaryData']) {
    for (const key of Object.keys(partOf(object, field))) {
      const problem = dataKeyProblem(key)
      if (problem !== undefined) errors.push(invalid(`${field}[${key}]`, key, problem))
      const isTwice = field === 'data' && Object.hasOwn(blobs, key)
      if (isTwice) errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    }
  }
  return errors
}

function sizeErrors(object: KubeObject): readonly FieldError[] {
  let bytes = 0
  for (const text of Object.values(partOf(object, 'data'))) bytes += Buffer.byteLength(wordOf(text))
  for (const base64 of Object.values(partOf(object, 'binaryData'))) bytes += (wordOf(base64).length * 3) / 4
  if (bytes <= CONFIG_BYTES_MAX) return []
  return [
    { field: 'data', reason: 'FieldValueTooLong', message: `Too long: may not be more than ${CONFIG_BYTES_MAX} bytes` },
  ]
}

/** Once immutable, data stay as they are for good; the object can only be deleted. */
export function immutableErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  if (old?.['immutable'] !== true) return []
  const rule = 'field is immutable when `immutable` is set'
  const changed = ['data', 'binaryData'].filter(field => !isSameJson(object[field], old[field]))
  const errors = changed.map(field => forbidden(field, rule))
  return object['immutable'] === true ? errors : [forbidden('immutable', rule), ...errors]
}
