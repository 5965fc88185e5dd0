import { at, column } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { type FieldError, invalid, required } from '../../field-error.ts'
import { isJsonObject, type Json, jsonAt, type JsonObject, textAt, wordOf } from '../../json.ts'
import { SECRET_BYTES_MAX } from '../../limits.ts'
import { dataKeyProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { immutable } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { immutableErrors } from './config-map.ts'

/** What only few may read: passwords, keys, tokens. */
export const secret = defineResource({
  group: '',
  kind: 'Secret',
  plural: 'secrets',
  shape: kubernetesShape('V1Secret'),
  columns: [
    column('Type', at('type')),
    column('Data', object => Object.keys(dataOf(object)).length, { type: 'integer' }),
  ],
  defaults: object => ({ ...withText(object), type: textAt(object, 'type') || 'Opaque' }),
  validate: (object, old) => [
    ...keyErrors(object),
    ...typeErrors(object),
    ...immutable(object, old, ['type'], ''),
    ...immutableErrors(object, old),
  ],
  selectableFields: textFields('type'),
  hasController: true,
  whyIdle: object => (textAt(object, 'type') === TOKEN ? NO_TOKEN : undefined),
})

const TOKEN = 'kubernetes.io/service-account-token'
const NO_TOKEN = `no token is put into a Secret of type ${TOKEN}: kubectl create token makes one, which expires`

// Text that people send beside the data becomes part of them; it is never stored as text.
function withText(object: KubeObject): KubeObject {
  const { stringData, ...rest } = object
  const { apiVersion, kind, metadata } = object
  if (!isJsonObject(stringData)) return { ...rest, apiVersion, kind, metadata }
  const added = Object.entries(stringData).map(([key, value]) => [key, Buffer.from(wordOf(value)).toString('base64')])
  return { ...rest, apiVersion, kind, metadata, data: { ...dataOf(object), ...Object.fromEntries(added) } }
}

function dataOf(object: KubeObject): JsonObject {
  const data = jsonAt(object, 'data')
  return isJsonObject(data) ? data : {}
}

function keyErrors(object: KubeObject): readonly FieldError[] {
  const bytes = Object.values(dataOf(object)).reduce<number>((sum, value) => sum + (wordOf(value).length * 3) / 4, 0)
  const message = `Too long: may not be more than ${SECRET_BYTES_MAX} bytes`
  return [
    ...Object.keys(dataOf(object)).flatMap(key => {
      const problem = dataKeyProblem(key)
      return problem === undefined ? [] : [invalid(`data[${key}]`, key, problem)]
    }),
    ...(bytes <= SECRET_BYTES_MAX ? [] : [{ field: 'data', reason: 'FieldValueTooLong', message } as const]),
  ]
}

// What secrets of some types must have.
const KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}
const SSH = 'kubernetes.io/ssh-auth'
const ACCOUNT = 'kubernetes.io/service-account.name'

function typeErrors(object: KubeObject): readonly FieldError[] {
  const type = textAt(object, 'type') ?? ''
  const data = dataOf(object)
  const isMissing = (key: string) => data[key] === undefined || (data[key] === '' && type === SSH)
  const missing = (KEYS[type] ?? []).filter(isMissing).map(key => required(`data[${key}]`))
  if (missing.length > 0) return missing
  if (type.startsWith('kubernetes.io/dockerc')) return configErrors(data, KEYS[type]?.[0] ?? '')
  if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
    return [required('data[username]'), required('data[password]')]
  }
  const isToken = type === TOKEN
  const hasAccount = (object.metadata.annotations?.[ACCOUNT] ?? '') !== ''
  return isToken && !hasAccount ? [required(`metadata.annotations[${ACCOUNT}]`)] : []
}

function configErrors(data: JsonObject, key: string): readonly FieldError[] {
  if (isConfig(data[key])) return []
  return [invalid(`data[${key}]`, '<secret contents redacted>', 'must be a JSON object')]
}

function isConfig(value: Json | undefined): boolean {
  try {
    return isJsonObject(JSON.parse(Buffer.from(wordOf(value), 'base64').toString('utf8')))
  } catch {
    return false
  }
}
