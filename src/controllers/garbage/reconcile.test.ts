import { test } from 'node:test'
import { Client, Informers } from '#client'
import { machineWorld } from '#host'
import { until } from '../../../test/cloud/processes.ts'
import { EventRecorder } from '../events/recorder.ts'
import { DEPENDENTS_IN_PIECE } from '../limits.ts'
import { garbageController } from './reconcile.ts'

const COUNT = 4 * DEPENDENTS_IN_PIECE
const THINGS = {
  resource: 'things',
  responseKind: { kind: 'Thing' },
  scope: 'Namespaced',
  verbs: ['list', 'watch', 'get', 'delete'],
}
const ownerReferences = [{ apiVersion: 'v1', kind: 'Thing', name: 'owner', uid: 'o' }]
const GONE = `${JSON.stringify({ type: 'DELETED', object: thing('owner', 'o') })}\n`

function thing(name: string, uid: string, more = {}) {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { namespace: 'n', name, uid, resourceVersion: '1', ...more } }
}

// An API of one kind: an owner that is gone once it is watched, and what it owned.
function answer({ method, url }: Request): Response {
  const { pathname, searchParams } = new URL(url)
  const versions = [{ version: 'v1', resources: [THINGS] }]
  if (pathname === '/api') return Response.json({ items: [{ metadata: { name: '' }, versions }] })
  if (pathname === '/apis') return Response.json({ items: [] })
  if (method === 'DELETE') return Response.json({ kind: 'Status', status: 'Success' })
  if (pathname.endsWith('/owner')) return Response.json({ kind: 'Status', reason: 'NotFound' }, { status: 404 })
  if (searchParams.has('watch')) {
    return new Response(new ReadableStream({ start: stream => stream.enqueue(Buffer.from(GONE)) }))
  }
  const owned = Array.from({ length: COUNT }, (_, index) => thing(`t${index}`, `u${index}`, { ownerReferences }))
  return Response.json({ metadata: { resourceVersion: '1' }, items: [thing('owner', 'o'), ...owned] })
}

test('what one object owned is looked at in turns, and goes', async () => {
  const deleted = new Set<string>()
  const all = Promise.withResolvers<void>()
  let takes = 0
  const transport = (request: Request): Promise<Response> => {
    if (request.url.includes('watch=')) takes = 0
    if (request.method === 'DELETE' && deleted.add(request.url).size === COUNT) all.resolve()
    return Promise.resolve(answer(request))
  }
  const world = machineWorld
  const client = new Client({ transport, clock: world.clock })
  const take = client.turns.take.bind(client.turns)
  client.turns.take = signal => {
    takes += 1
    return take(signal)
  }
  await using events = new EventRecorder({ client, world, component: 'test' })
  await using informers = new Informers({ client, world })
  await using _controller = garbageController({ client, world, informers, events })
  await all.promise
  // They are gone once each is looked at, which may be before the last of these turns.
  await until(async () => takes === COUNT / DEPENDENTS_IN_PIECE, { what: 'the last turn' })
})
