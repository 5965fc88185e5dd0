import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAt, listAt, textAt } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

// kubernetes.io/docs/reference/using-api/api-concepts, "Semantics for get and list"; OLD had two objects, now there are three.
test('a list is of the revision that its parameters name, in every combination', async () => {
  await using api = await MemoryApi.open()
  for (const name of ['a', 'b', 'c']) await api.post(MAPS, { metadata: { name } })
  const { body } = await api.get(`${MAPS}/b`)
  const old = textAt(body, 'metadata', 'resourceVersion') ?? ''
  const token = textAt((await api.get(`${MAPS}?limit=1`)).body, 'metadata', 'continue') ?? ''
  const cases: readonly (readonly [string, string | number])[] = [
    ['', 'a b c'],
    ['resourceVersion=0', 'a b c'],
    ['resourceVersion=OLD', 'a b c'],
    ['resourceVersion=NEW', 504],
    ['resourceVersion=abc', 400],
    ['limit=9', 'a b c'],
    ['limit=9&resourceVersion=0', 'a b c'],
    ['limit=9&resourceVersion=OLD', 'a b'],
    ['limit=9&resourceVersion=NEW', 504],
    ['limit=9&continue=TOKEN', 'b c'],
    ['limit=9&continue=TOKEN&resourceVersion=0', 'b c'],
    ['limit=9&continue=TOKEN&resourceVersion=OLD', 400],
    ['resourceVersionMatch=Exact', 422],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422],
    ['resourceVersionMatch=Exact&resourceVersion=OLD', 'a b'],
    ['resourceVersionMatch=Exact&resourceVersion=NEW', 504],
    ['limit=1&resourceVersionMatch=Exact&resourceVersion=OLD', 'a'],
    ['limit=9&continue=TOKEN&resourceVersionMatch=Exact&resourceVersion=OLD', 422],
    ['resourceVersionMatch=NotOlderThan', 422],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=0', 'a b c'],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 'a b c'],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=NEW', 504],
    ['limit=9&resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 'a b c'],
    ['limit=9&continue=TOKEN&resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 422],
    ['resourceVersionMatch=Near&resourceVersion=OLD', 422],
    ['sendInitialEvents=true', 422],
  ]
  for (const [query, wanted] of cases) {
    const path = `${MAPS}?${query.replace('OLD', old).replace('NEW', '99999').replace('TOKEN', token)}`
    const answer = await api.get(path)
    const names = listAt(answer.body, 'items').map(item => textAt(item, 'metadata', 'name'))
    assert.equal(answer.status === 200 ? names.join(' ') : answer.status, wanted, query)
    if (answer.status !== 504) continue
    assert.match(textAt(answer.body, 'message') ?? '', /^Too large resource version: 99999, current: \d+$/)
    assert.equal(textAt(listAt(answer.body, 'details', 'causes')[0], 'reason'), 'ResourceVersionTooLarge')
    assert.equal(answer.headers.get('retry-after'), '1')
  }
})

test('an object is the newest, unless it is asked for as of a revision that is still to come', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a' } })
  for (const [query, status] of [
    ['resourceVersion=', 200],
    ['resourceVersion=0', 200],
    ['resourceVersion=1', 200],
    ['resourceVersion=99999', 504],
    ['resourceVersion=x', 400],
  ] as const) {
    assert.equal((await api.get(`${MAPS}/a?${query}`)).status, status, query)
  }
})

test('a watch begins where its parameters say, in every combination', async () => {
  await using api = await MemoryApi.open()
  for (const name of ['a', 'b', 'c']) await api.post(MAPS, { metadata: { name } })
  const old = textAt((await api.get(`${MAPS}/b`)).body, 'metadata', 'resourceVersion') ?? ''
  const all = 'ADDED a,ADDED b,ADDED c'
  const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan'
  const cases: readonly (readonly [string, string | number])[] = [
    ['', `${all},ADDED d`],
    ['resourceVersion=0', `${all},ADDED d`],
    ['resourceVersion=OLD', 'ADDED c,ADDED d'],
    ['resourceVersion=NEW', 410],
    ['resourceVersion=x', 400],
    [initial, `${all},ADDED d`],
    [`${initial}&resourceVersion=0`, `${all},ADDED d`],
    [`${initial}&resourceVersion=OLD`, `${all},ADDED d`],
    [`${initial}&resourceVersion=NEW`, 504],
    [`${initial}&allowWatchBookmarks=true`, `${all},BOOKMARK,ADDED d`],
    ['sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 'ADDED c,ADDED d'],
    ['sendInitialEvents=false&resourceVersionMatch=NotOlderThan', 'ADDED d'],
    ['sendInitialEvents=true', 422],
    ['sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=OLD', 422],
    ['resourceVersionMatch=NotOlderThan&resourceVersion=OLD', 422],
    ['resourceVersionMatch=Exact&resourceVersion=OLD', 422],
  ]
  for (const [query, wanted] of cases) {
    const path = `${MAPS}?watch=true&${query.replace('OLD', old).replace('NEW', '99999')}`
    if (typeof wanted === 'number') {
      const answer = await api.get(path)
      assert.equal(answer.status, wanted, query)
      if (!query.includes('NEW')) continue
      assert.match(textAt(answer.body, 'message') ?? '', /^Too large resource version: 99999, current: /)
      assert.equal(jsonAt(answer.body, 'details', 'retryAfterSeconds'), 1)
      continue
    }
    await using watch = await api.watch(path)
    await api.post(MAPS, { metadata: { name: 'd' } })
    assert.equal((await watch.names(wanted.split(',').length)).join(','), wanted, query)
    await api.delete(`${MAPS}/d`)
  }
})
