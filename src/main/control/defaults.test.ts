import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineWorld } from '#host'
import { Authority, Keyring, MasterKey, WITHDRAWN_RULES } from '#identity'
import { openMemoryKeyspace } from '#keyspace'
import { type Json, type JsonObject, listAt, textAt } from '#schema'
import { openApi } from './api.ts'
import { askLocally } from './local-api.ts'

const NODE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/node'

test('rules that a default role has no more are taken from it at the next start; those of people stay', async () => {
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  await using keyspace = openMemoryKeyspace({ world })
  const master = MasterKey.make(world.entropy)
  const keyring = Keyring.open([Keyring.newKey(master, world.entropy)], master, world.entropy)
  const authority = await Authority.open(await Authority.make('cairn', world.entropy.bytes(16), new Date()))
  const former = WITHDRAWN_RULES.get('node') ?? []
  const ours = { apiGroups: ['example.dev'], resources: ['things'], verbs: ['get'] }
  const start = async <Value>(run: (ask: (body?: JsonObject) => Promise<JsonObject>) => Promise<Value>) => {
    await using api = await openApi(keyspace, { keyring, authority }, world)
    const fetch = api.app.fetch.bind(api.app)
    return run(async body => {
      const method = body === undefined ? 'GET' : 'PUT'
      const answer = await askLocally(fetch, 'test', { method, path: NODE, ...(body === undefined ? {} : { body }) })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return answer.body
    })
  }
  const rules = (role: Json) => listAt(role, 'rules').map(each => JSON.stringify(each))
  const first = await start(async ask => {
    const role = await ask()
    assert.deepEqual(
      listAt(role, 'metadata', 'managedFields').map(each => textAt(each, 'manager')),
      ['cairn'],
    )
    await ask({ ...role, rules: [...former, ours] })
    return rules(role)
  })
  const second = await start(async ask => rules(await ask()))
  assert.deepEqual(second.toSorted(), [...first, ...rules({ rules: [ours] })].toSorted())
  const isSecrets = (text: string) => /"secrets"|"\*"/.test(text)
  assert.ok(former.map(each => JSON.stringify(each)).some(isSecrets) && !second.some(isSecrets))
})
