import { decode } from '../decode.ts'
import { isJsonObject, type JsonObject } from '../json.ts'
import { metaErrors } from '../meta.ts'
import { apiVersionOf, type KubeObject } from '../object.ts'
import type { Resource } from '../resource.ts'

/** An object as it would be stored, and what is wrong with it as `FIELD: MESSAGE`. */
export interface Judged {
  readonly object: KubeObject
  readonly problems: readonly string[]
}

/** Reads, fills in and checks an object as the API does; `old` is what it replaces. */
export function judge(resource: Resource, body: JsonObject, old?: KubeObject): Judged {
  const { value } = decode(resource.shape, body)
  const given = isJsonObject(value['metadata']) ? value['metadata'] : {}
  const metadata = {
    uid: 'u1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    name: 'sample',
    ...(resource.isNamespaced ? { namespace: 'default' } : {}),
    ...given,
  }
  const { group, version, kind } = resource
  const object = resource.defaults({ ...value, apiVersion: apiVersionOf(group, version), kind, metadata }, old)
  const { missing } = decode(resource.shape, object)
  const errors = [...metaErrors(resource, object, old), ...resource.validate(object, old), ...missing]
  return { object, problems: [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))] }
}

/** What is wrong with a change of an object that is good. */
export function judgeChange(resource: Resource, from: JsonObject, to: JsonObject): readonly string[] {
  return judge(resource, to, judge(resource, from).object).problems
}
