import { type AuditEntry, LocalConnection } from '#api'
import { machineWorld } from '#host'
import { AUTHENTICATED, Authority, type Caller, Keyring, MASTERS, MasterKey } from '#identity'
import { openMemoryKeyspace } from '#keyspace'
import type { Json } from '#schema'
import { openApi } from '../control/api.ts'

/** A whole API in memory, with its policy and default roles; without a network. */
export interface AccessApi extends AsyncDisposable {
  /** Sends a request as somebody, or with a bearer token; as nobody when undefined. */
  send(caller: Caller | string | undefined, method: string, path: string, body?: Json): Promise<Response>
  /** Sends a request as it is, as who its headers show, from an address. */
  fetch(path: string, init: RequestInit, address?: string): Promise<Response>
  /** What the audit log was told. */
  readonly noted: readonly AuditEntry[]
  /** Sends a patch of a media type. */
  patch(caller: Caller, path: string, patch: Json, type: string): Promise<Response>
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
  const noted: AuditEntry[] = []
  const audit = (entry: AuditEntry) => void noted.push(entry)
  const { app } = opening.use(await openApi(keyspace, { keyring, authority }, world, { audit }))
  const all = opening.move()
  type Sender = Caller | string | undefined
  const ask = async (caller: Sender, path: string, init: RequestInit, connection = {}): Promise<Response> =>
    app.fetch(
      new Request(`https://localhost${path}`, init),
      typeof caller === 'object' ? new LocalConnection(caller) : connection,
    )
  const headersOf = (caller: Sender, type = 'application/json'): Record<string, string> => ({
    accept: 'application/json',
    'content-type': type,
    ...(typeof caller === 'string' ? { authorization: `Bearer ${caller}` } : {}),
  })
  return {
    send(caller, method, path, body) {
      const content = body === undefined ? {} : { body: JSON.stringify(body) }
      return ask(caller, path, { method, headers: headersOf(caller), ...content })
    },
    noted,
    fetch: (path, init, remoteAddress) => {
      const socket = { authorized: false, getPeerCertificate: () => ({}), remoteAddress }
      return ask(undefined, path, init, { incoming: { socket } })
    },
    patch: (caller, path, patch, type) =>
      ask(caller, path, { method: 'PATCH', headers: headersOf(caller, type), body: JSON.stringify(patch) }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Somebody with these groups who has shown who he is. */
export function person(name: string, ...groups: readonly string[]): Caller {
  return { name, uid: undefined, groups: [...groups, AUTHENTICATED], extra: {} }
}

/** Who may do everything. */
export const ADMINISTRATOR: Caller = person('admin', MASTERS)
