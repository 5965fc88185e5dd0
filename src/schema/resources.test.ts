import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listFacts } from './facts/lists.ts'
import { labelProblem } from './names.ts'
import { ALL_VERBS } from './resource.ts'
import { RESOURCES } from './resources.ts'
import type { ObjectShape, Shape } from './shape.ts'
import { kubernetesShape } from './shapes/read.ts'

test('every kind has names that are its own in its group', () => {
  const seen = new Set<string>()
  for (const { group, version, kind, plural, singular, shortNames } of RESOURCES) {
    assert.equal(labelProblem(plural), undefined, plural)
    assert.equal(plural, plural.toLowerCase())
    assert.equal(singular, kind.toLowerCase(), kind)
    for (const name of new Set([plural, singular, ...shortNames])) {
      const id = `${group}/${version}/${name}`
      assert.ok(!seen.has(id), id)
      seen.add(id)
    }
  }
})

test('every kind has what every object has, and columns that begin with its name or a time', () => {
  for (const { kind, shape, columns, hasStatus, scale, verbs } of RESOURCES) {
    for (const field of ['apiVersion', 'kind', 'metadata']) assert.ok(shape.fields.has(field), `${kind}.${field}`)
    if (hasStatus) assert.ok(shape.fields.has('status'), kind)
    if (scale !== undefined) assert.ok(hasStatus && verbs.length === ALL_VERBS.length, kind)
    assert.ok(
      columns.some(({ format }) => format === 'name'),
      kind,
    )
    const names = columns.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length, kind)
  }
})

test("every field of Cairn's own kinds says what it is for", () => {
  for (const { group, kind, shape } of RESOURCES) {
    if (!['cairn.dev', 'nanocloud.io', 'snapshot.storage.k8s.io'].includes(group)) continue
    for (const part of partsOf(shape)) {
      if (part.id.startsWith('V1')) continue
      assert.ok(part.description, part.id)
      for (const field of part.fields.keys()) {
        assert.match(part.descriptions?.get(field) ?? '', /^[A-Z].*\.$/s, `${kind}: ${part.id}.${field}`)
      }
    }
  }
})

test('lists that are told apart by keys are lists of objects that have them', () => {
  let keyed = 0
  for (const { shape } of RESOURCES) {
    for (const part of partsOf(shape)) {
      for (const [name, field] of part.fields) {
        const facts = listFacts(part.name, name)
        if (facts.type !== 'map' || field.kind !== 'list' || !part.id.startsWith('V')) continue
        keyed += 1
        for (const key of facts.keys)
          assert.ok(field.items.kind === 'object' && field.items.fields.has(key), `${part.id}.${name}`)
      }
    }
  }
  assert.ok(keyed > 100)
  assert.ok(kubernetesShape('V1PodSpec').fields.has('containers'))
})

function partsOf(root: ObjectShape): readonly ObjectShape[] {
  const found = new Map<string, ObjectShape>()
  const visit = (shape: Shape): void => {
    if (shape.kind === 'list') visit(shape.items)
    else if (shape.kind === 'map') visit(shape.values)
    else if (shape.kind === 'object' && !found.has(shape.id)) {
      found.set(shape.id, shape)
      for (const field of shape.fields.values()) visit(field)
    }
  }
  visit(root)
  return [...found.values()]
}
