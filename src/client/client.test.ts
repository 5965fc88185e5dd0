import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { Client } from './client.ts'
import { servedResources } from './discovery.ts'
import { hastyClock, THINGS } from './testing.ts'

const never = new AbortController().signal
const object = {
  apiVersion: 'test/v1',
  kind: 'Thing',
  metadata: { namespace: 'n', name: 'a', uid: 'u', creationTimestamp: '' },
}

interface Seen {
  readonly method: string
  readonly path: string
  readonly type: string | null
  readonly body: string
}

function recording(answer: () => Response): { client: Client; seen: Seen[] } {
  const seen: Seen[] = []
  const transport = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const type = request.headers.get('content-type')
    seen.push({ method: request.method, path: pathname + search, type, body: await request.text() })
    return answer()
  }
  return { client: new Client({ transport, clock: hastyClock }), seen }
}

suite('a client', () => {
  test('says that it is Cairn, which then stands in managedFields', async () => {
    const agents: (string | null)[] = []
    const transport = async (request: Request): Promise<Response> => {
      agents.push(request.headers.get('user-agent'))
      return Response.json(object)
    }
    const client = new Client({ transport, clock: hastyClock })
    await client.create(THINGS, object, never)
    assert.deepEqual(agents, ['cairn'])
  })

  test('asks by the paths and types of the API', async () => {
    const { client, seen } = recording(() => Response.json(object))
    const place = { namespace: 'n', name: 'a' }
    await client.get(THINGS, place, never)
    await client.create(THINGS, object, never)
    await client.updateStatus(THINGS, object, never)
    await client.patch(THINGS, place, { type: 'apply', body: {}, fieldManager: 'me', isForced: true }, never)
    await client.patch(THINGS, place, { type: 'json', body: [], part: 'status' }, never)
    await client.delete(THINGS, place, { uid: 'u', propagation: 'Orphan' }, never)
    await client.get(
      { group: '', version: 'v1', plural: 'nodes', kind: 'Node', isNamespaced: false },
      { name: 'x' },
      never,
    )
    assert.deepEqual(
      seen.map(({ method, path, type }) => `${method} ${path} ${type ?? ''}`.trim()),
      [
        'GET /apis/test/v1/namespaces/n/things/a',
        'POST /apis/test/v1/namespaces/n/things application/json',
        'PUT /apis/test/v1/namespaces/n/things/a/status application/json',
        'PATCH /apis/test/v1/namespaces/n/things/a?fieldManager=me&force=true application/apply-patch+yaml',
        'PATCH /apis/test/v1/namespaces/n/things/a/status application/json-patch+json',
        'DELETE /apis/test/v1/namespaces/n/things/a application/json',
        'GET /api/v1/nodes/x',
      ],
    )
    assert.deepEqual(JSON.parse(seen[5]!.body), {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Orphan',
      preconditions: { uid: 'u' },
    })
  })

  test('throws the reason of a Status as the code of a fault', async () => {
    for (const [status, reason, code] of [
      [404, 'NotFound', 'NotFound'],
      [409, 'AlreadyExists', 'AlreadyExists'],
      [409, 'Conflict', 'Conflict'],
      [410, 'Gone', 'Expired'],
      [504, 'Timeout', 'ServiceUnavailable'],
      [422, '', 'Invalid'],
      [418, '', 'InternalError'],
    ] as const) {
      const { client } = recording(() => Response.json({ kind: 'Status', reason, message: 'no' }, { status }))
      await assert.rejects(
        client.get(THINGS, { name: 'a' }, never),
        error => isFault(error, code) && error.message === 'no',
      )
    }
    const missing = recording(() => new Response('<html>', { status: 404 })).client
    assert.equal(await missing.find(THINGS, { name: 'a' }, never), undefined)
  })

  test('refuses answers that are no objects, and tells when nobody answers', async () => {
    for (const answer of ['', 'null', '[]', '{}', '{"kind":"Thing"}', '\u0000']) {
      const { client } = recording(() => new Response(answer))
      await assert.rejects(client.get(THINGS, { name: 'a' }, never), error => isFault(error, 'InternalError'))
    }
    const dead = new Client({ transport: () => Promise.reject(new Error('ECONNREFUSED')), clock: hastyClock })
    await assert.rejects(dead.get(THINGS, { name: 'a' }, never), error => isFault(error, 'Unreachable'))
  })

  test('gives up when its time is over, and when its signal says so', async () => {
    const silent = ({ signal }: Request): Promise<Response> =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const soon = { ...hastyClock, sleep: () => Promise.resolve() }
    const late = new Client({ transport: silent, clock: soon })
    await assert.rejects(late.get(THINGS, { name: 'a' }, never), error => isFault(error, 'Unreachable'))
    const reason = new Error('enough')
    const end = new AbortController()
    const asked = new Client({ transport: silent, clock: hastyClock }).get(THINGS, { name: 'a' }, end.signal)
    end.abort(reason)
    await assert.rejects(asked, reason)
  })

  test('finds what is served, each in the version that its group prefers', async () => {
    const row = (resource: string, scope: string) => ({ resource, scope, responseKind: { kind: 'K' }, verbs: ['list'] })
    const versions = [
      { version: 'v1', resources: [row('things', 'Namespaced')] },
      { version: 'v1beta1', resources: [row('things', 'Namespaced'), row('old', 'Cluster')] },
    ]
    const { client } = recording(() => Response.json({ items: [{ metadata: { name: 'test' }, versions }] }))
    const served = await servedResources(client, never)
    assert.deepEqual(
      served.slice(0, 2).map(({ version, plural, isNamespaced }) => `${version} ${plural} ${isNamespaced}`),
      ['v1 things true', 'v1beta1 old false'],
    )
  })
})
