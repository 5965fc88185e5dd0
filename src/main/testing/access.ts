import { LocalConnection } from '#api'
import { machineWorld } from '#host'
import { AUTHENTICATED, Authority, type Caller, Keyring, MASTERS, MasterKey } from '#identity'
import { openMemoryKeyspace } from '#keyspace'
import type { Json } from '#schema'
import { openApi } from '../control/api.ts'

/** A whole API in memory, with its policy and default roles; without a network. */
export interface AccessApi extends AsyncDisposable {
  /** Sends a request as somebody, or with a bearer token; as nobody when undefined. */
  send(caller: Caller | string | undefined, method: string, path: string, body?: Json): Promise<Response>
}

/** Opens an API for a test. */
export async function openAccessApi(): Promise<AccessApi> {
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  await using opening = new AsyncDisposableStack()
  const keyspace = opening.use(openMemoryKeyspace({ world }))
  const master = MasterKey.make(world.entropy)
  const keyring = Keyring.open([Keyring.newKey(master, world.entropy)], master, world.entropy)
  const now = new Date(Number(world.clock.wallNs() / 1_000_000n))
  const authority = await Authority.open(await Authority.make('cairn', world.entropy.bytes(16), now))
  const { app } = opening.use(await openApi(keyspace, { keyring, authority }, world))
  const all = opening.move()
  return {
    async send(caller, method, path, body) {
      const bearer: Record<string, string> = typeof caller === 'string' ? { authorization: `Bearer ${caller}` } : {}
      const headers = { accept: 'application/json', 'content-type': 'application/json', ...bearer }
      const content = body === undefined ? {} : { body: JSON.stringify(body) }
      const request = new Request(`https://localhost${path}`, { method, headers, ...content })
      return app.fetch(request, typeof caller === 'object' ? new LocalConnection(caller) : {})
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Somebody with these groups who has shown who he is. */
export function person(name: string, ...groups: readonly string[]): Caller {
  return { name, uid: undefined, groups: [...groups, AUTHENTICATED], extra: {} }
}

/** Who may do everything. */
export const ADMINISTRATOR: Caller = person('admin', MASTERS)
