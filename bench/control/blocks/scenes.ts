import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '../client.ts'
import { inTurns, pod } from '../objects.ts'
import { manyKeys, smallKeys } from './bodies.ts'
import { largeDefinition } from './definition.ts'

/** Where scenes play. */
export interface Stage {
  readonly client: ApiClient
  readonly count: number
  readonly signal: AbortSignal
}

/** Work of which the longest block is a row. */
export interface Scene {
  readonly id: string
  readonly title: string
  /** Done once before, and not measured. */
  readonly before?: (stage: Stage) => Promise<unknown>
  readonly run: (stage: Stage, round: number) => Promise<unknown>
  /** How often it is run; the first time counts too. */
  readonly rounds: number
}

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const PODS = '/api/v1/namespaces/default/pods'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const APPLY = 'application/apply-patch+yaml'
const STRATEGIC = 'application/strategic-merge-patch+json'

/** In order: later ones work with what earlier ones made. */
export const SCENES: readonly Scene[] = [
  { id: 'create', title: 'pods made, 16 at once, audited', rounds: 1, run: makePods },
  { id: 'list', title: 'pods listed (JSON)', rounds: 3, run: ({ client }) => client.call('GET', PODS) },
  {
    id: 'table',
    title: 'pods listed (Table)',
    rounds: 3,
    run: ({ client }) => client.call('GET', PODS, { accept: TABLE }),
  },
  { id: 'lists', title: 'pods listed by 10 at once (Table)', rounds: 2, run: tenTables },
  { id: 'labels', title: 'by label', rounds: 3, run: get(`${PODS}?labelSelector=shard%20in%20(1,2,3)`) },
  { id: 'fields', title: 'by field', rounds: 3, run: get(`${PODS}?fieldSelector=metadata.name=pod-77`) },
  { id: 'pieces', title: 'in pieces of 500', rounds: 2, run: inPieces(500) },
  { id: 'large-pieces', title: 'in pieces of 2,500', rounds: 2, run: inPieces(2500) },
  { id: 'watch', title: 'watched from the beginning', rounds: 3, run: watchAll(1) },
  { id: 'watches', title: 'the same by 10 at once', rounds: 2, run: watchAll(10) },
  { id: 'selector', title: 'a selector of 16 KiB', rounds: 2, run: longSelectors },
  { id: 'definition', title: 'a large definition installed', rounds: 3, run: installDefinition },
  { id: 'openapi-v2', title: 'OpenAPI v2', rounds: 2, run: openapi2 },
  { id: 'openapi-v3', title: 'OpenAPI v3, every document', rounds: 2, run: openapi3 },
  { id: 'post', title: '2.4 MB of small keys posted', rounds: 2, run: refused('POST', 'application/json') },
  { id: 'patch', title: 'the same as a merge patch', rounds: 2, run: refused('PATCH', 'application/merge-patch+json') },
  { id: 'strategic', title: 'the same as a strategic merge patch', rounds: 2, run: refused('PATCH', STRATEGIC) },
  { id: 'apply', title: 'the same applied', rounds: 2, run: refused('PATCH', APPLY) },
  { id: 'keys', title: '10,000 keys posted, patched, applied', rounds: 2, run: taken },
  { id: 'roles', title: '1,000 roles and bindings made', rounds: 1, run: makeRoles },
  { id: 'owners', title: 'owned objects collected', rounds: 1, before: makeOwned, run: endOwner },
  { id: 'namespace', title: 'their namespace ended', rounds: 1, before: makeMaps('ending'), run: endNamespace },
  {
    id: 'collection',
    title: 'pods deleted as a collection',
    rounds: 1,
    run: ({ client }) => client.call('DELETE', PODS),
  },
]

function get(path: string) {
  return ({ client }: Stage) => client.call('GET', path)
}

function makePods({ client, count, signal }: Stage): Promise<void> {
  return inTurns(count, number => client.call('POST', PODS, { body: pod(number) }), signal)
}

function tenTables({ client }: Stage): Promise<unknown> {
  return Promise.all(Array.from({ length: 10 }, () => client.call('GET', PODS, { accept: TABLE })))
}

function inPieces(limit: number) {
  return async ({ client }: Stage) => {
    let from = ''
    do {
      const answer = await client.call('GET', `${PODS}?limit=${limit}&continue=${from}`)
      from = /"continue":"([^"]+)"/.exec(answer.subarray(0, 1000).toString())?.[1] ?? ''
    } while (from !== '')
  }
}

function watchAll(watchers: number) {
  return async ({ client, signal }: Stage) => {
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const watch = async () => {
      const stream = client.stream('GET', `${PODS}?${query}`)
      let end = ''
      stream.on('data', (chunk: Buffer) => {
        end = (end + chunk.toString('latin1')).slice(-1000)
      })
      while (!end.includes('initial-events-end')) await once(stream, 'data', { signal })
      stream.close()
    }
    await Promise.all(Array.from({ length: watchers }, watch))
  }
}

async function longSelectors({ client }: Stage): Promise<void> {
  const long = [
    'a,'.repeat(8000),
    `a in (${'b,'.repeat(8000)}`,
    '('.repeat(16_000),
    ',('.repeat(8000),
    `${'a in (b),'.repeat(1700)}c`,
  ]
  for (const selector of long) {
    for (const name of ['labelSelector', 'fieldSelector']) {
      await answered(client.call('GET', `/api/v1/namespaces/kube-public/pods?${name}=${encodeURI(selector)}`))
    }
  }
}

async function installDefinition({ client, signal }: Stage, round: number): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await client.call('POST', path, { body: largeDefinition(`cup${round}`) })
  for (let isServed = false; !isServed; await delay(20, undefined, { signal })) {
    isServed = await answered(client.call('GET', `/apis/bench.example.com/v1/cup${round}s`))
  }
}

async function openapi2({ client }: Stage): Promise<void> {
  await client.call('GET', '/openapi/v2', { accept: 'application/json' })
  await client.call('GET', '/openapi/v2', { accept: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf' })
}

async function openapi3({ client }: Stage): Promise<void> {
  const root = JSON.parse((await client.call('GET', '/openapi/v3')).toString()) as {
    readonly paths: Record<string, { readonly serverRelativeURL: string }>
  }
  for (const { serverRelativeURL } of Object.values(root.paths)) await client.call('GET', serverRelativeURL)
}

const MAPS = '/api/v1/namespaces/default/configmaps'

function refused(method: 'POST' | 'PATCH', type: string) {
  return ({ client }: Stage) => {
    const query = type === APPLY ? '?fieldManager=bench' : ''
    const path = method === 'POST' ? MAPS : `${MAPS}/kube-root-ca.crt${query}`
    return answered(
      client.call(method, path, { body: smallKeys(method === 'POST' ? 'many' : 'kube-root-ca.crt'), type }),
    )
  }
}

async function taken({ client }: Stage, round: number): Promise<void> {
  const name = `keys-${round}`
  const path = `${MAPS}/${name}`
  const body = manyKeys(name)
  await client.call('POST', MAPS, { body })
  await client.call('PATCH', path, {
    body: JSON.stringify({ data: { more: 'a' } }),
    type: 'application/merge-patch+json',
  })
  await client.call('PATCH', `${path}?fieldManager=bench&force=true`, { body, type: APPLY })
  await client.call('PATCH', `${path}?fieldManager=bench&force=true`, { body, type: APPLY })
}

function makeRoles({ client, signal }: Stage): Promise<void> {
  return inTurns(
    1000,
    async number => {
      const role = {
        metadata: { name: `bench-${number}` },
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
      }
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `bench-${number}` }
      const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `user-${number}` }]
      await client.call('POST', `${RBAC}/clusterroles`, { body: JSON.stringify(role) })
      const binding = { metadata: { name: `bench-${number}` }, roleRef, subjects }
      await client.call('POST', `${RBAC}/clusterrolebindings`, { body: JSON.stringify(binding) })
    },
    signal,
  )
}

function makeMaps(namespace: string, owner?: object) {
  return async ({ client, count, signal }: Stage) => {
    await answered(
      client.call('POST', '/api/v1/namespaces', { body: JSON.stringify({ metadata: { name: namespace } }) }),
    )
    const owners = owner === undefined ? {} : { ownerReferences: [owner] }
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    const map = (number: number) => JSON.stringify({ metadata: { name: `map-${number}`, ...owners }, data: { a: 'b' } })
    await inTurns(count, number => client.call('POST', path, { body: map(number) }), signal)
  }
}

async function makeOwned(stage: Stage): Promise<void> {
  const { client } = stage
  await client.call('POST', '/api/v1/namespaces', { body: JSON.stringify({ metadata: { name: 'owned' } }) })
  const body = JSON.stringify({ metadata: { name: 'owner' } })
  const made = await client.call('POST', '/api/v1/namespaces/owned/secrets', { body })
  const { metadata } = JSON.parse(made.toString()) as { readonly metadata: { readonly uid: string } }
  await makeMaps('owned', { apiVersion: 'v1', kind: 'Secret', name: 'owner', uid: metadata.uid })(stage)
}

async function endOwner({ client, signal }: Stage): Promise<void> {
  await client.call('DELETE', '/api/v1/namespaces/owned/secrets/owner')
  const list = '/api/v1/namespaces/owned/configmaps?limit=10'
  while ((await client.call('GET', list)).includes('"map-')) await delay(100, undefined, { signal })
}

async function endNamespace({ client, signal }: Stage): Promise<void> {
  await client.call('DELETE', '/api/v1/namespaces/ending')
  while (await answered(client.call('GET', '/api/v1/namespaces/ending'))) await delay(100, undefined, { signal })
}

// Some scenes are refused, as they should be: what counts is how long the others waited.
function answered(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  )
}
