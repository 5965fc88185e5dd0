import { LocalConnection } from '#api'
import type { World } from '#base'
import { Client } from '#client'
import { type Cluster, type Controllers, startControllers, type Storage } from '#controllers'
import { AUTHENTICATED, type Authority, type Caller, MASTERS } from '#identity'
import type { Issuing } from './issuing.ts'
import type { LocalFetch } from './local-api.ts'
import { authoritySigner } from './signer.ts'

/** Who the controllers are to the API, and in its audit log. */
export const CONTROLLERS: Caller = {
  name: 'system:cairn:controllers',
  uid: undefined,
  groups: [MASTERS, AUTHENTICATED],
  extra: {},
}

/** What the controllers of one server work with. */
export interface ControllersParts {
  readonly fetch: LocalFetch
  readonly world: World
  readonly authority: Authority
  readonly issuing: Issuing
  readonly storage: Storage | undefined
  readonly cluster?: Cluster | undefined
  /** Names this server among those that share a keyspace; undefined when it is the only one. */
  readonly identity: string | undefined
}

/** Runs the controllers on the API of this process. */
export function openControllers(parts: ControllersParts): Controllers {
  const { fetch, world, authority, issuing, storage, cluster, identity } = parts
  const connection = new LocalConnection(CONTROLLERS)
  const transport = async (request: Request): Promise<Response> => fetch(request, connection)
  const client = new Client({ transport, clock: world.clock })
  const signer = authoritySigner({ authority, issuing, world })
  return startControllers({ client, world, signer, rootPem: authority.certificatePem, storage, cluster, identity })
}
