import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#schema'
import { type CustomServer, openCustomServer } from './server.ts'
import { openWebhook, type Webhook } from './webhook.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

test('objects are of every version that a webhook converts them to, and stay when it fails', async () => {
  await using server = await openCustomServer()
  await using webhook = await openWebhook()
  const { asked, refused } = callsOf(server)
  await asked('POST', DEFINITIONS, definition(webhook, 'v1'))
  const v1 = '/apis/shops.example.io/v1/namespaces/default/shops'
  const v2 = '/apis/shops.example.io/v2/namespaces/default/shops'
  await served(server, v2)

  // Made as v2, stored as v1, and answered as either.
  const spec = { host: 'a.example', port: 80 }
  const made = await asked('POST', v2, shop('one', spec))
  assert.deepEqual(made['spec'], { ...spec, tls: false })
  assert.deepEqual((await asked('GET', `${v1}/one`))['spec'], { address: 'a.example:80' })
  assert.deepEqual((await asked('GET', `${v2}/one`))['spec'], { ...spec, tls: false })
  const before = webhook.reviews
  await asked('GET', `${v1}/one`)
  assert.equal(webhook.reviews, before, 'what is stored as it is asked for needs no webhook')
  await asked('POST', v1, { ...shop('two', { address: 'b.example:81' }), apiVersion: 'shops.example.io/v1' })
  const list = (await asked('GET', v2)) as { items: { spec: JsonObject }[] }
  assert.deepEqual(
    list.items.map(item => item.spec['host']),
    ['a.example', 'b.example'],
  )
  await asked('PATCH', `${v2}/one`, { spec: { port: 90 }, metadata: { labels: { a: 'b' } } })
  const patched = await asked('GET', `${v1}/one`)
  assert.deepEqual(patched['spec'], { address: 'a.example:90' })
  assert.equal((patched['metadata'] as { generation: number }).generation, 2)
  assert.match(
    await refused('PATCH', `${v2}/one`, { spec: { port: 'x' } }, 422),
    /spec.port in body must be of type integer/,
  )

  // Watched from the past and from now on.
  const changes = watched(server, `${v2}?watch=1&resourceVersion=${metaOf(made)}`)
  assert.deepEqual((await changes.next()).value, ['ADDED', 'two', { host: 'b.example', port: 81, tls: false }])
  assert.deepEqual((await changes.next()).value, ['MODIFIED', 'one', { host: 'a.example', port: 90, tls: false }])
  await asked('PATCH', `${v1}/two`, { spec: { address: 'c.example:82' } })
  assert.deepEqual((await changes.next()).value, ['MODIFIED', 'two', { host: 'c.example', port: 82, tls: false }])

  // A webhook that fails: 500 with its reason, nothing changed, and the stored version is served as before.
  const failures = [
    ['refuses', /^conversion webhook for shops.example.io\/v1, Kind=Shop failed: not today$/],
    ['isBroken', /failed: the server answered 302: moved$/],
    ['renames', /metadata.name mismatch: other != one/],
  ] as const
  for (const [mode, why] of failures) {
    webhook.mode = mode
    assert.match(await refused('GET', `${v2}/one`, undefined, 500), why)
    assert.match(await refused('PATCH', `${v2}/one`, { spec: { port: 1 } }, 500), why)
    assert.match(await refused('POST', v2, shop('three', spec), 500), /failed/)
    assert.match(await refused('DELETE', `${v2}/one`, undefined, 500), why)
    assert.deepEqual((await asked('GET', `${v1}/one`))['spec'], { address: 'a.example:90' })
  }
  await asked('PATCH', `${v1}/one`, { spec: { address: 'a.example:91' } })
  assert.deepEqual((await changes.next()).value?.[0], 'ERROR', 'who watches is told to begin anew')
  webhook.mode = 'converts'
  assert.deepEqual((await asked('GET', `${v2}/one`))['spec'], { host: 'a.example', port: 91, tls: false })

  // Stored as v2 from now on: what is stored as v1 is still read.
  const stored = definition(webhook, 'v2')
  await asked('PATCH', `${DEFINITIONS}/shops.shops.example.io`, { spec: stored['spec'] })
  const now = await until(async () => {
    await asked('PATCH', `${v2}/two`, { metadata: { annotations: { turn: String(webhook.reviews) } } })
    const seen = webhook.reviews
    const two = await asked('GET', `${v2}/two`)
    return webhook.reviews === seen ? two : undefined
  })
  assert.deepEqual(now['spec'], { host: 'c.example', port: 82, tls: false })
  assert.deepEqual((await asked('GET', `${v2}/one`))['spec'], { host: 'a.example', port: 91, tls: false })
  assert.deepEqual((await asked('GET', `${v1}/two`))['spec'], { address: 'c.example:82' })
})

function definition({ clientConfig }: Webhook, storage: string): JsonObject {
  const text = { type: 'string' }
  const schemas = {
    v1: { address: text },
    v2: { host: text, port: { type: 'integer' }, tls: { type: 'boolean', default: false } },
  }
  const versions = Object.entries(schemas).map(([name, properties]) => ({
    name,
    served: true,
    storage: name === storage,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  }))
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'shops.shops.example.io' },
    spec: {
      group: 'shops.example.io',
      scope: 'Namespaced',
      names: { plural: 'shops', kind: 'Shop' },
      versions,
      conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } },
    },
  }
}

function shop(name: string, spec: JsonObject): JsonObject {
  return { apiVersion: 'shops.example.io/v2', kind: 'Shop', metadata: { name }, spec }
}

function metaOf(object: JsonObject): string {
  return (object['metadata'] as { resourceVersion: string }).resourceVersion
}

function callsOf(server: CustomServer) {
  const call = async (method: string, path: string, body?: JsonObject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const init = body === undefined ? {} : { headers: { 'content-type': type }, body: JSON.stringify(body) }
    const answer = await fetch(`${server.url}${path}`, { method, ...init })
    return { status: answer.status, object: (await answer.json()) as JsonObject }
  }
  return {
    async asked(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
      const { status, object } = await call(method, path, body)
      assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(object)}`)
      return object
    },
    async refused(method: string, path: string, body: JsonObject | undefined, wanted: number): Promise<string> {
      const { status, object } = await call(method, path, body)
      assert.equal(status, wanted, JSON.stringify(object))
      return (object as { message: string }).message
    },
  }
}

async function served(server: CustomServer, path: string): Promise<void> {
  await until(async () => ((await fetch(`${server.url}${path}`)).status === 200 ? true : undefined))
}

async function* watched(server: CustomServer, path: string): AsyncGenerator<readonly [string, string, JsonObject]> {
  const answer = await fetch(`${server.url}${path}`)
  let text = ''
  for await (const part of answer.body ?? []) {
    text += Buffer.from(part).toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) {
      const { type, object } = JSON.parse(line) as {
        type: string
        object: { metadata: { name: string }; spec: JsonObject }
      }
      yield [type, object.metadata.name, object.spec]
    }
  }
}

async function until<Value>(run: () => Promise<Value | undefined>): Promise<Value> {
  for (let tries = 1; ; tries += 1) {
    const value = await run()
    if (value !== undefined) return value
    assert.ok(tries < 500, 'it does not come')
    await new Promise(resolve => setImmediate(resolve))
  }
}
