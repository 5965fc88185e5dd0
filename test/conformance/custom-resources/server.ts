import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Conversions, createApp, FollowedDefinitions, Objects, ObjectStore, Registry } from '#api'
import type { World } from '#base'
import { Client } from '#client'
import { startControllers } from '#controllers'
import { machineWorld, postJson } from '#host'
import { type LocalKeyspace, openMemoryKeyspace } from '#keyspace'
import { type JsonObject, RESOURCES } from '#schema'

/** An API that lets everybody do everything, over HTTP, with controllers and a second API beside it on the same keyspace. */
export interface CustomServer extends AsyncDisposable {
  readonly folder: string
  readonly kubeconfig: string
  readonly url: string
  /** Of the API that no controller talks to. */
  readonly otherUrl: string
  readonly warnings: readonly string[]
}

/** Opens one, with the namespace `default`. */
export async function openCustomServer(): Promise<CustomServer> {
  const warnings: string[] = []
  const log: World['log'] = { info: () => undefined, warn: message => void warnings.push(message) }
  const world: World = { ...machineWorld, log }
  await using opening = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'cairn-custom-'))
  opening.defer(() => rmSync(folder, { recursive: true, force: true }))
  const keyspace = opening.use(openMemoryKeyspace({ world }))
  const first = await openServer(opening, keyspace, world)
  const second = await openServer(opening, keyspace, world)
  const transport = async (request: Request): Promise<Response> => first.app.fetch(request, {})
  const client = new Client({ transport, clock: world.clock })
  const signer = { names: new Set<string>(), sign: () => Promise.reject(new Error('nothing is signed here')) }
  opening.use(startControllers({ client, world, signer, rootPem: '', storage: undefined, identity: undefined }))
  await post(first.url, '/api/v1/namespaces', { metadata: { name: 'default' } })
  const kubeconfig = join(folder, 'kubeconfig')
  const cluster = { name: 'c', cluster: { server: first.url } }
  const context = { name: 'c', context: { cluster: 'c', user: '' } }
  writeFileSync(kubeconfig, JSON.stringify({ clusters: [cluster], contexts: [context], 'current-context': 'c' }))
  const all = opening.move()
  const { url } = first
  return { folder, kubeconfig, url, otherUrl: second.url, warnings, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Sends an object; the status of the answer. */
export async function post(url: string, path: string, body: JsonObject): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  await answer.arrayBuffer()
  return answer.status
}

async function openServer(opening: AsyncDisposableStack, keyspace: LocalKeyspace, world: World) {
  const { clock, entropy, log } = world
  const store = new ObjectStore(keyspace, undefined, new Conversions(postJson, entropy))
  const registry = new Registry(RESOURCES)
  opening.use(await FollowedDefinitions.open({ store, registry, clock, log }))
  const ending = new AbortController()
  const app = createApp({
    clock,
    log,
    registry,
    objects: new Objects({ store, clock, entropy }),
    version: 'test',
    authenticate: () => Promise.resolve({ name: 'admin', uid: undefined, groups: [], extra: {} }),
    authorize: () => Promise.resolve(true),
    ending: ending.signal,
  })
  const server = createServer(getRequestListener(request => app.fetch(request, {})))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  opening.defer(async () => {
    ending.abort()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { app, url: `http://127.0.0.1:${port}` }
}
