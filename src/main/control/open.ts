import { createApp, Objects, ObjectStore, Registry, REVIEW_RESOURCES } from '#api'
import type { World } from '#base'
import { certificateAuthenticator, firstToKnow, isAllowed, rulesOf } from '#identity'
import { type Keyspace, openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { controlDoorOf, kubeconfigOf, listenSocket } from '#rpc'
import { RESOURCES } from '#schema'
import { cairnVersion, softwareName } from '../version.ts'
import { Aggregation } from './aggregation.ts'
import { authentication } from './authentication.ts'
import { type ClusterKeys, openClusterKeys } from './cluster-keys.ts'
import { openControllers } from './controllers.ts'
import { ensureDefaults } from './defaults.ts'
import { controlHandlers } from './door.ts'
import { refuseEscalation } from './escalation.ts'
import { keepKubeconfig } from './kubeconfig.ts'
import { listenOn } from './listen.ts'
import type { ControlReady, ControlStart } from './messages.ts'
import { FollowedPolicy } from './policy.ts'
import { renewing } from './renewal.ts'
import { Revocations } from './revocations.ts'

/** An API that answers. */
export interface OpenControl extends AsyncDisposable, ControlReady {}

/**
 * Opens the control plane of a data folder: keyspace, keys, policy, API. `failed` hears that nothing can be written any
 * more. Faults: MasterKey, Listen, those of the keyspace.
 */
export async function openControl(
  start: ControlStart,
  world: World,
  failed: (error: Error) => void,
): Promise<OpenControl> {
  const { dataFolder, masterKeyFile } = start
  await using opening = new AsyncDisposableStack()
  const folder = `${dataFolder}/control`
  world.disk.makeFolder(folder)
  const keyspace = opening.use(
    await openEmbeddedKeyspace({ world, folder: `${folder}/keyspace`, index: sqliteIndex, failed }),
  )
  const keys = await openClusterKeys({ world, keyspace, masterKeyFile }, new AbortController().signal)
  const { app, revocations, stack } = await openApi(keyspace, keys, world)
  opening.use(stack)
  const { authority, keyring } = keys
  const served = await listenOn(app, { start, world, authority, keyring, file: `${folder}/server.json` })
  const { url, listening } = served
  opening.use(listening)
  opening.use(openControllers({ fetch: app.fetch.bind(app), world, authority, identity: undefined }))
  revocations.onRevoked(() => listening.cut(serial => revocations.has(serial)))
  const kubeconfig = { world, authority, file: kubeconfigOf(dataFolder) }
  await keepKubeconfig(kubeconfig, url)
  opening.use(
    renewing(world, async () => {
      await served.renew()
      await keepKubeconfig(kubeconfig, url)
    }),
  )
  const { log, clock } = world
  const handlers = controlHandlers({ start, world, authority, served, revocations })
  const door = { clock, log, software: softwareName(), handlers }
  opening.use(await listenSocket(controlDoorOf(dataFolder), door))
  const all = opening.move()
  return { url, recoveryPhrase: keys.recoveryPhrase, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

async function openApi(keyspace: Keyspace, { keyring }: ClusterKeys, world: World) {
  await using opening = new AsyncDisposableStack()
  const { clock, entropy, log } = world
  const store = new ObjectStore(keyspace, keyring)
  const policy = opening.use(await FollowedPolicy.open(store, world))
  const revocations = opening.use(await Revocations.open(keyspace, world))
  const { index } = policy
  const ending = new AbortController()
  const app = createApp({
    clock,
    log,
    registry: new Registry(resources()),
    objects: new Objects({ store, clock, entropy }),
    version: cairnVersion(),
    // Who somebody is, by whatever he shows: another kind of credential is another row here.
    authenticate: authentication(
      firstToKnow([certificateAuthenticator(clock, serial => revocations.has(serial))]),
      (caller, attempt) => isAllowed(index, caller, attempt),
    ),
    authorize: async (caller, attempt) => isAllowed(index, caller, attempt),
    rulesFor: (caller, namespace) => rulesOf(index, caller, namespace),
    guard: refuseEscalation(index),
    ending: ending.signal,
  })
  const fetch = app.fetch.bind(app)
  const aggregation = opening.use(new Aggregation(fetch, index, log))
  policy.onChange(kind => {
    if (kind === 'ClusterRole') aggregation.wake()
  })
  await ensureDefaults(fetch, index)
  aggregation.wake()
  opening.defer(() => ending.abort())
  return { app, revocations, stack: opening.move() }
}

// Reviews are served by the API itself; they are listed once, wherever their kinds are declared.
function resources() {
  const isDeclared = new Set(RESOURCES.map(({ group, plural }) => `${group}/${plural}`))
  return [...RESOURCES, ...REVIEW_RESOURCES.filter(({ group, plural }) => !isDeclared.has(`${group}/${plural}`))]
}
