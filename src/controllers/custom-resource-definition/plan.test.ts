import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, type KubeObject, listAt, textAt } from '#schema'
import { definitionStatus } from './plan.ts'

function definition(plural: string, more: object = {}, status: object = {}): KubeObject {
  const kind = `${plural.charAt(0).toUpperCase()}${plural.slice(1)}`
  const names = { plural, singular: plural, kind, listKind: `${kind}List`, ...more }
  const metadata = { name: `${plural}.example.com`, uid: plural, creationTimestamp: '' }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata,
    spec: { group: 'example.com', names },
    status: { ...status },
  }
}

function planned(one: KubeObject, others: readonly KubeObject[] = [], time = 't1'): KubeObject {
  return { ...one, status: definitionStatus(one, { others, cleanup: undefined, time }) }
}

function conditions(of: KubeObject): readonly string[] {
  return listAt(of, 'status', 'conditions').map(
    each => `${textAt(each, 'type') ?? ''} ${textAt(each, 'status') ?? ''} ${textAt(each, 'reason') ?? ''}`,
  )
}

test('names that nobody else has are granted, and stay granted', () => {
  const one = planned(definition('ones', { shortNames: ['o'] }))
  assert.deepEqual(conditions(one), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
  assert.equal(textAt(one, 'status', 'acceptedNames', 'listKind'), 'OnesList')
  assert.equal(
    definitionStatus(one, { others: [one], cleanup: undefined, time: 't2' }),
    one['status'],
    'nothing is written twice',
  )
})

test('of two that want one name the first has it, and the second when it goes', () => {
  const first = planned(definition('ones', { shortNames: ['o'] }))
  const second = planned(definition('twos', { shortNames: ['o'] }), [first])
  assert.deepEqual(conditions(second), ['NamesAccepted False ShortNamesConflict', 'Established False NotAccepted'])
  assert.equal(textAt(listAt(second, 'status', 'conditions')[0], 'message'), '"o" is already in use')
  const later = planned(second, [], 't2')
  assert.deepEqual(conditions(later), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
  assert.equal(textAt(listAt(later, 'status', 'conditions')[0], 'lastTransitionTime'), 't2')
  const kinds = planned(definition('threes', { kind: 'OnesList' }), [first])
  assert.deepEqual(conditions(kinds)[0], 'NamesAccepted False KindConflict')
})

test('what is being deleted says how far it is', () => {
  const one = planned(definition('ones'))
  const told = (left: number, failure?: string) => {
    const status = definitionStatus(one, { others: [], cleanup: { left, failure }, time: 't' })
    return listAt(status, 'conditions').filter(isJsonObject).at(-1)?.['reason']
  }
  assert.deepEqual(
    [told(2), told(0), told(0, 'why')],
    ['InstanceDeletionInProgress', 'InstanceDeletionCompleted', 'InstanceDeletionFailed'],
  )
})
