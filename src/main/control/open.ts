import type { World } from '#base'
import { openEmbeddedKeyspace, sqliteIndex } from '#keyspace'
import { controlDoorOf, kubeconfigOf, listenSocket } from '#rpc'
import { softwareName } from '../version.ts'
import { openApi } from './api.ts'
import { openClusterKeys } from './cluster-keys.ts'
import { openControllers } from './controllers.ts'
import { controlHandlers } from './door.ts'
import { keepKubeconfig } from './kubeconfig.ts'
import { listenOn } from './listen.ts'
import type { ControlReady, ControlStart } from './messages.ts'
import { renewing } from './renewal.ts'

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
  const { authority, keyring } = keys
  const { app, revocations } = opening.use(await openApi(keyspace, keyring, world))
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
