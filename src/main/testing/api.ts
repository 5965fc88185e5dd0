import { createApp, FollowedDefinitions, LocalConnection, Objects, ObjectStore, Registry } from '#api'
import { byteStringOfText, type World } from '#base'
import { Client } from '#client'
import type { Cluster, Controllers, Storage } from '#controllers'
import { Authority } from '#identity'
import { machineWorld } from '#host'
import { type LocalKeyspace, openMemoryKeyspace } from '#keyspace'
import { RESOURCES } from '#schema'
import { CONTROLLERS, openControllers } from '../control/controllers.ts'
import { keepFilesystems } from '../control/kept-filesystems.ts'
import { Issuing } from '../control/issuing.ts'
import type { LocalFetch } from '../control/local-api.ts'

/** An API in memory that lets everybody do everything, with the controllers of a server. */
export interface TestApi extends AsyncDisposable {
  readonly client: Client
  readonly keyspace: LocalKeyspace
  readonly authority: Authority
  readonly issuing: Issuing
  readonly controllers: Controllers
  readonly app: ReturnType<typeof createApp>
  readonly warnings: string[]
}

/** Makes machines for the controllers of an API, of its keyspace and certificates. */
export type OpenTestCluster = (
  parts: Pick<TestApi, 'keyspace' | 'authority' | 'issuing'> & { readonly world: World },
) => Promise<Cluster & AsyncDisposable>

/** Opens one; its controllers run. */
export async function openTestApi(storage?: Storage, openCluster?: OpenTestCluster): Promise<TestApi> {
  const warnings: string[] = []
  const log: World['log'] = {
    info: () => undefined,
    warn: (message, fields) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
  }
  const world: World = { ...machineWorld, log }
  const { clock, entropy } = world
  await using opening = new AsyncDisposableStack()
  const keyspace = opening.use(openMemoryKeyspace({ world }))
  const ending = new AbortController()
  // As in every cloud, whose keys are made first: a list at revision 0 cannot be watched from, because 0 means any revision.
  const first = { kind: 'put', key: byteStringOfText('/identity/test'), value: new Uint8Array() } as const
  await keyspace.txn({ compare: [], then: [first] }, ending.signal)
  opening.defer(() => ending.abort())
  const store = new ObjectStore(keyspace)
  const registry = new Registry(RESOURCES)
  opening.use(await FollowedDefinitions.open({ store, registry, clock, log }))
  const app = createApp({
    clock,
    log,
    registry,
    objects: new Objects({ store, clock, entropy, guardDelete: storage && keepFilesystems(storage) }),
    version: 'test',
    authenticate: (_, connection) =>
      Promise.resolve(connection instanceof LocalConnection ? connection.caller : CONTROLLERS),
    authorize: () => Promise.resolve(true),
    ending: ending.signal,
  })
  const fetch: LocalFetch = app.fetch.bind(app)
  const transport = async (request: Request): Promise<Response> => fetch(request, new LocalConnection(CONTROLLERS))
  const client = new Client({ transport, clock })
  const authority = await Authority.open(await Authority.make('test', entropy.bytes(16), new Date()))
  const issuing = opening.use(new Issuing({ keyspace, authority, world }))
  const cluster = await openCluster?.({ keyspace, authority, issuing, world })
  opening.use(cluster)
  const parts = { fetch, world, authority, issuing, storage, cluster, identity: undefined }
  const controllers = opening.use(openControllers(parts))
  const stack = opening.move()
  return {
    client,
    keyspace,
    authority,
    issuing,
    controllers,
    app,
    warnings,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
