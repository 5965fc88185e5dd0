import { ageColumn, ageOf, nameColumn } from '../columns.ts'
import { type FieldError, invalid, notSupported, required } from '../field-error.ts'
import { isJsonObject, type Json, type JsonObject, listAt, numberAt, textAt } from '../json.ts'
import type { Column } from '../resource.ts'
import { type JsonPath, readJsonPath } from './json-path.ts'

/** The columns of `kubectl get` that a version of a definition asks for; name and age when it asks for none. */
export function customColumns(version: JsonObject): readonly Column[] {
  const asked = listAt(version, 'additionalPrinterColumns').filter(isJsonObject)
  if (asked.length === 0) return [nameColumn, ageColumn]
  return [nameColumn, ...asked.flatMap(customColumn)]
}

/** What is wrong with the columns a version asks for. */
export function columnErrors(version: JsonObject, path: string): readonly FieldError[] {
  return listAt(version, 'additionalPrinterColumns').flatMap((column, index) => {
    const at = `${path}.additionalPrinterColumns[${index}]`
    const type = textAt(column, 'type') ?? ''
    const format = textAt(column, 'format') ?? ''
    const jsonPath = textAt(column, 'jsonPath') ?? ''
    const made = readJsonPath(jsonPath)
    return [
      ...((textAt(column, 'name') ?? '') === '' ? [required(`${at}.name`)] : []),
      ...(type === '' ? [required(`${at}.type`, `must be one of ${TYPES.join(',')}`)] : []),
      ...(type !== '' && !isType(type) ? [invalid(`${at}.type`, type, `must be one of ${TYPES.join(',')}`)] : []),
      ...(format !== '' && !FORMATS.includes(format) ? [notSupported(`${at}.format`, format, FORMATS)] : []),
      ...(jsonPath === '' ? [required(`${at}.jsonPath`)] : []),
      ...(made.kind === 'refused' ? [invalid(`${at}.jsonPath`, jsonPath, `is an invalid path: ${made.why}`)] : []),
    ]
  })
}

function customColumn(asked: JsonObject): readonly Column[] {
  const type = textAt(asked, 'type') ?? ''
  const made = readJsonPath(textAt(asked, 'jsonPath') ?? '')
  if (made.kind === 'refused' || !isType(type)) return []
  const { find } = made
  const column: Column = {
    name: textAt(asked, 'name') ?? '',
    type,
    format: textAt(asked, 'format') === 'name' ? 'name' : '',
    description: textAt(asked, 'description') ?? '',
    priority: numberAt(asked, 'priority') ?? 0,
    cell: (object, nowMs) => cellOf(type, find, { object, nowMs }),
  }
  return [column]
}

// k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor: the first that is found, as its column's type.
function cellOf(type: Column['type'], find: JsonPath, seen: { readonly object: Json; readonly nowMs: number }): Json {
  const [value] = find(seen.object)
  if (value === undefined || value === null) return null
  switch (type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value)
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? ageOf(value, seen.nowMs) : null
  }
}

const TYPES: readonly Column['type'][] = ['boolean', 'date', 'integer', 'number', 'string']
const FORMATS = ['int32', 'int64', 'float', 'double', 'byte', 'date', 'date-time', 'password', 'name']

function isType(text: string): text is Column['type'] {
  return TYPES.some(type => type === text)
}
