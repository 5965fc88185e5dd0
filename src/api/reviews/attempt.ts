import type { Attempt, Caller } from '#identity'
import { invalid, isJsonObject, type Json, jsonAt, listAt, textAt } from '#schema'
import { invalidFault } from '../refusal.ts'

/** What a review asks about: `spec.resourceAttributes` or `spec.nonResourceAttributes`. Faults: Invalid. */
export function attemptIn(review: Json): Attempt {
  const resource = jsonAt(review, 'spec', 'resourceAttributes')
  const path = jsonAt(review, 'spec', 'nonResourceAttributes')
  if (isJsonObject(resource) === isJsonObject(path)) {
    throw refusal(review, 'spec.resourceAttributes', ONE_OF)
  }
  if (isJsonObject(path)) return { kind: 'path', verb: textAt(path, 'verb') ?? '', path: textAt(path, 'path') ?? '' }
  const text = (name: string) => textAt(resource, name) ?? ''
  const some = (name: string) => (text(name) === '' ? undefined : text(name))
  return {
    kind: 'resource',
    verb: text('verb'),
    group: text('group'),
    plural: text('resource'),
    subresource: some('subresource'),
    namespace: some('namespace'),
    name: some('name'),
  }
}

/** Whom a review asks about. Faults: Invalid. */
export function subjectIn(review: Json): Caller {
  const name = textAt(review, 'spec', 'user') ?? ''
  const groups = listAt(review, 'spec', 'groups').filter(each => typeof each === 'string')
  if (name === '' && groups.length === 0) {
    throw refusal(review, 'spec.user', 'at least one of user or group must be specified')
  }
  const extra = jsonAt(review, 'spec', 'extra')
  const rows = isJsonObject(extra) ? Object.keys(extra).map(key => [key, textsAt(extra, key)]) : []
  return { name, uid: textAt(review, 'spec', 'uid'), groups, extra: Object.fromEntries(rows) }
}

const ONE_OF = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'

function refusal(review: Json, field: string, why: string): Error {
  const kind = textAt(review, 'kind') ?? ''
  return invalidFault({ group: 'authorization.k8s.io', kind, name: '' }, [
    invalid(field, jsonAt(review, ...field.split('.')) ?? '', why),
  ])
}

function textsAt(value: Json, key: string): readonly string[] {
  return listAt(value, key).filter(each => typeof each === 'string')
}
