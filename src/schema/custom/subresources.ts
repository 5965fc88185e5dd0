import { type FieldError, invalid, required } from '../field-error.ts'
import { isJsonObject, type JsonObject, jsonAt, listAt, textAt } from '../json.ts'
import type { Resource, ScalePaths } from '../resource.ts'
import { fieldsOfPath } from './json-path.ts'
import type { SchemaNode } from './node.ts'

/** Where the scale subresource of a version finds its numbers; undefined when it has none. */
export function scaleOf(version: JsonObject): ScalePaths | undefined {
  const scale = jsonAt(version, 'subresources', 'scale')
  if (!isJsonObject(scale)) return undefined
  const path = (name: string) => fieldsOfPath(textAt(scale, name) ?? '') ?? []
  return { replicas: path('specReplicasPath'), status: path('statusReplicasPath'), selector: path('labelSelectorPath') }
}

/** Fields that selectors may name, as a version says. */
export function selectableFieldsOf(version: JsonObject): Resource['selectableFields'] {
  return Object.fromEntries(
    listAt(version, 'selectableFields').flatMap(each => {
      const names = fieldsOfPath(textAt(each, 'jsonPath') ?? '')
      if (names === undefined) return []
      return [[names.join('.'), object => wordOf(jsonAt(object, ...names))] satisfies Selectable]
    }),
  )
}

/** What is wrong with the subresources and selectable fields of a version. */
export function subresourceErrors(version: JsonObject, root: SchemaNode, path: string): readonly FieldError[] {
  return [...scaleErrors(version, `${path}.subresources.scale`), ...selectableErrors(version, root, path)]
}

type Selectable = [string, Resource['selectableFields'][string]]

function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function scaleErrors(version: JsonObject, path: string): readonly FieldError[] {
  const scale = jsonAt(version, 'subresources', 'scale')
  if (!isJsonObject(scale)) return []
  return SCALE_PATHS.flatMap(({ name, under, isNeeded }) => {
    const text = textAt(scale, name) ?? ''
    if (text === '') return isNeeded ? [required(`${path}.${name}`)] : []
    const fields = fieldsOfPath(text)
    if (fields === undefined)
      return [invalid(`${path}.${name}`, text, 'must be a json path of fields without array notation')]
    const isUnder = under.includes(fields[0] ?? '') && fields.length > 1
    return isUnder
      ? []
      : [invalid(`${path}.${name}`, text, `should be a json path under ${under.map(each => `.${each}`).join(' or ')}`)]
  })
}

function selectableErrors(version: JsonObject, root: SchemaNode, path: string): readonly FieldError[] {
  const fields = listAt(version, 'selectableFields')
  const errors: FieldError[] = []
  if (fields.length > SELECTABLE_MAX) {
    const message = `Too many: ${fields.length}: must have at most ${SELECTABLE_MAX} items`
    errors.push({ field: `${path}.selectableFields`, reason: 'FieldValueTooMany', message })
  }
  for (const [index, each] of fields.entries()) {
    const at = `${path}.selectableFields[${index}].jsonPath`
    const text = textAt(each, 'jsonPath') ?? ''
    const names = fieldsOfPath(text)
    const node = names === undefined ? undefined : nodeAt(root, names)
    if (text === '') errors.push(required(at))
    else if (names === undefined)
      errors.push(invalid(at, text, 'is an invalid path: must be a json path of fields without array notation'))
    else if (names[0] === 'metadata') errors.push(invalid(at, text, 'must not point to fields in metadata'))
    else if (node === undefined) errors.push(invalid(at, text, 'does not refer to a field of the schema'))
    else if (!['string', 'boolean', 'integer'].includes(node.type ?? '')) {
      errors.push(
        invalid(
          at,
          text,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      )
    }
  }
  return errors
}

function nodeAt(root: SchemaNode, names: readonly string[]): SchemaNode | undefined {
  return names.reduce<SchemaNode | undefined>((at, name) => at?.properties.get(name), root)
}

const SELECTABLE_MAX = 8
const SCALE_PATHS = [
  { name: 'specReplicasPath', under: ['spec'], isNeeded: true },
  { name: 'statusReplicasPath', under: ['status'], isNeeded: true },
  { name: 'labelSelectorPath', under: ['spec', 'status'], isNeeded: false },
]
