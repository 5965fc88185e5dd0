import {
  Conversions,
  createApp,
  FollowedDefinitions,
  type LastingRequests,
  Objects,
  type ObjectsParts,
  ObjectStore,
  Registry,
  repairClaims,
} from '#api'
import type { World } from '#base'
import { postJson } from '#host'
import { rulesOf, type TokenSigner } from '#identity'
import type { Keyspace } from '#keyspace'
import { RESOURCES } from '#schema'
import { cairnVersion } from '../version.ts'
import { openAccess } from './access.ts'
import { Aggregation } from './aggregation.ts'
import { refuseBuiltIn } from './built-in.ts'
import type { ClusterKeys } from './cluster-keys.ts'
import { credentials, SERVICE_ACCOUNT_ISSUER } from './credentials.ts'
import type { FollowedUsers } from './followed-users.ts'
import { ensureDefaults } from './defaults.ts'
import { refuseEscalation } from './escalation.ts'
import { refuseGranting } from './granting.ts'
import { Issuing } from './issuing.ts'
import { refuseJoining } from './joining.ts'
import type { KeptTokens } from './kept-tokens.ts'
import { refuseOtherNodes } from './nodes/node-writes.ts'
import type { Revocations } from './revocations.ts'
import type { ApiTelemetry } from './telemetry.ts'
import { openTokenSigner } from './token-keys.ts'

/** An API that nobody reaches yet. Disposing ends its watches and what it follows. */
export interface OpenApi extends AsyncDisposable {
  readonly app: ReturnType<typeof createApp>
  readonly fetch: ReturnType<typeof createApp>['fetch']
  readonly revocations: Revocations
  readonly issuing: Issuing
  readonly signer: TokenSigner
  readonly tokens: KeptTokens
  readonly users: FollowedUsers
  /** Watches that are open: to be told when a key that signs tokens has gone. */
  readonly lasting: LastingRequests
  /** Ends watches well, so that their clients go on elsewhere; to be called before connections are cut. */
  end(): void
}

/** Opens the API on a keyspace: policy, default roles and namespaces, who is believed. The keyring encrypts Secrets. */
export async function openApi(
  keyspace: Keyspace,
  { keyring, authority }: Pick<ClusterKeys, 'keyring' | 'authority'>,
  world: World,
  { guardDelete, ...telemetry }: Partial<ApiTelemetry> & Partial<Pick<ObjectsParts, 'guardDelete'>> = {},
): Promise<OpenApi> {
  await using opening = new AsyncDisposableStack()
  const { clock, entropy, log } = world
  const store = new ObjectStore(keyspace, keyring, new Conversions(postJson, entropy))
  const { freed, taken, clashes } = await repairClaims(store, RESOURCES, new AbortController().signal)
  if (freed + taken > 0) log.info('what services have was noted anew', { freed, taken })
  for (const clash of clashes) log.warn('two services have the same', { clash })
  const registry = new Registry(RESOURCES)
  opening.use(await FollowedDefinitions.open({ store, registry, clock, log }))
  const signer = await openTokenSigner({ keyspace, keyring, world }, new AbortController().signal)
  const issuing = opening.use(new Issuing({ keyspace, authority, world }))
  const { knows, tokens, orders, exchange } = credentials({ world, store, signer, issuing })
  const access = opening.use(await openAccess({ keyspace, store, world, issuing, knows }))
  const { policy, revocations, users, lasting, authenticate, authorize } = access
  const { index } = policy
  const guards = [refuseEscalation(index), refuseGranting(index), refuseJoining(index), refuseBuiltIn, refuseOtherNodes]
  const ending = new AbortController()
  const app = createApp({
    clock,
    log,
    registry,
    objects: new Objects({ store, clock, entropy, guardDelete }),
    version: cairnVersion(),
    authenticate,
    authorize,
    lasting,
    rulesFor: (caller, namespace) => rulesOf(index, caller, namespace),
    guard(...write) {
      for (const refuse of guards) refuse(...write)
    },
    orders,
    exchange,
    issuer: { url: SERVICE_ACCOUNT_ISSUER, keys: () => signer.publicKeys() },
    ending: ending.signal,
    ...telemetry,
  })
  const fetch = app.fetch.bind(app)
  const aggregation = opening.use(new Aggregation(fetch, index, { clock, log }))
  policy.onChange(kind => {
    if (kind === 'ClusterRole') aggregation.wake()
  })
  await ensureDefaults(fetch, index)
  aggregation.wake()
  opening.defer(() => ending.abort())
  const all = opening.move()
  const end = (): void => ending.abort()
  const open = { app, fetch, revocations, issuing, signer, tokens, users, lasting, end }
  return { ...open, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
