import { type World, isSystemError } from '#base'
import { createApp, listen, Objects, ObjectStore, Registry } from '#api'
import { certificateAuthenticator, firstToKnow, isAllowed } from '#identity'
import { type LocalKeyspace, openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { RESOURCES } from '#schema'
import { mainFault } from '../faults.ts'
import { cairnVersion } from '../version.ts'
import { authentication } from './authentication.ts'
import { openClusterKeys } from './cluster-keys.ts'
import { keepKubeconfig } from './kubeconfig.ts'
import type { ControlReady, ControlStart } from './messages.ts'
import { FollowedPolicy } from './policy.ts'
import { serverCertificate } from './server-certificate.ts'
import { localUrl, serverNames } from './server-names.ts'

/** An API that answers. */
export interface OpenControl extends AsyncDisposable, ControlReady {}

/**
 * Opens the control plane of a data folder: keyspace, keys, policy, API. `failed` hears that nothing can be written any more.
 * Faults: MasterKey, Listen, those of the keyspace.
 */
export async function openControl(
  start: ControlStart,
  world: World,
  failed: (error: Error) => void,
): Promise<OpenControl> {
  const { dataFolder, host, masterKeyFile } = start
  const { signal } = new AbortController()
  const folder = `${dataFolder}/control`
  await using opening = new AsyncDisposableStack()
  world.disk.makeFolder(folder)
  const keyspace: LocalKeyspace = opening.use(
    await openEmbeddedKeyspace({ world, folder: `${folder}/keyspace`, index: sqliteIndex, failed }),
  )
  const keys = await openClusterKeys({ world, keyspace, masterKeyFile }, signal)
  const { authority, keyring } = keys
  const store = new ObjectStore(keyspace)
  const policy = opening.use(await FollowedPolicy.open(store, world))
  const app = createApp({
    clock: world.clock,
    log: world.log,
    registry: new Registry(RESOURCES),
    objects: new Objects({ store, clock: world.clock, entropy: world.entropy }),
    version: cairnVersion(),
    authenticate: authentication(firstToKnow([certificateAuthenticator(world.clock, () => false)])),
    authorize: async (caller, attempt) => isAllowed(policy.index, caller, attempt),
  })
  const certificate = { world, authority, keyring, file: `${folder}/server.json` }
  const credential = await serverCertificate(certificate, serverNames(host))
  const listening = opening.use(
    await listen(app, {
      host,
      port: start.port,
      ...credential,
      authorityPem: authority.certificatePem,
      requiresClientCertificate: start.requiresClientCertificate,
    }).catch((error: unknown) => refuseListen(start, error)),
  )
  const url = localUrl(host, listening.port)
  await keepKubeconfig({ world, authority, file: `${dataFolder}/kubeconfig` }, url)
  const all = opening.move()
  return { url, recoveryPhrase: keys.recoveryPhrase, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

function refuseListen({ host, port }: ControlStart, error: unknown): never {
  if (!isSystemError(error)) throw error
  const isBusy = error.code === 'EADDRINUSE'
  throw mainFault(
    'Listen',
    `the API cannot listen on ${host}:${port}: ${isBusy ? 'the port is in use' : error.message}`,
    {
      hint: isBusy
        ? `See who has it with \`ss -ltnp 'sport = ${port}'\`, or choose another port: cairn up --listen ${host}:${port + 1}`
        : 'Choose an address of this machine, such as `cairn up --listen 127.0.0.1:6443`; `--listen none` starts no API.',
      cause: error,
    },
  )
}
