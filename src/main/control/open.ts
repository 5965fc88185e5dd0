import os from 'node:os'
import { type World, whyOf } from '#base'
import { isRecordHeard, type ShownCertificate } from '#identity'
import { controlDoorOf, kubeconfigOf, listenSocket } from '#rpc'
import { type KeyspaceChoice, readChoice } from '../keyspace/choice.ts'
import { keyspaceHandlers } from '../keyspace/door.ts'
import { followRefill } from '../keyspace/follow-refill.ts'
import { gated } from '../keyspace/gate.ts'
import { openControlKeyspace } from '../keyspace/open.ts'
import { softwareName } from '../version.ts'
import { openApi } from './api.ts'
import { openClusterKeys } from './cluster-keys.ts'
import { openControllers } from './controllers.ts'
import { credentialHandlers } from './credential-door.ts'
import { controlHandlers } from './door.ts'
import type { FollowedUsers } from './followed-users.ts'
import { keepFilesystems } from './kept-filesystems.ts'
import { keepKubeconfig } from './kubeconfig.ts'
import { listenOn } from './listen.ts'
import { openMachines } from './machines/machines.ts'
import type { ControlReady, ControlStart } from './messages.ts'
import { renewing } from './renewal.ts'
import { rotationHandlers } from './rotation/door.ts'
import { FollowedKeys } from './rotation/followed-keys.ts'
import { Rotation } from './rotation/rotation.ts'
import { Servers } from './rotation/servers.ts'
import { openSeats } from './seats/seats.ts'
import { openTelemetry } from './telemetry.ts'
import { storageDoor, storageOver } from './storage-door.ts'

/** An API that answers. */
export interface OpenControl extends AsyncDisposable, ControlReady {}

/** Who hears of an open control plane. */
export interface ControlListeners {
  /** Nothing can be written any more. */
  readonly failed: (error: Error) => void
  /** The next process works elsewhere. */
  readonly anew: (why: string) => void
  /** The supervisor is to look what etcd it runs. */
  readonly lookAtEtcd: () => void
}

/** Opens the control plane of a data folder: keyspace, keys, policy, API. Faults: MasterKey, Listen, those of the keyspace. */
export async function openControl(
  start: ControlStart,
  world: World,
  { failed, anew, lookAtEtcd }: ControlListeners,
): Promise<OpenControl> {
  const { dataFolder, masterKeyFile } = start
  await using opening = new AsyncDisposableStack()
  const folder = `${dataFolder}/control`
  world.disk.makeFolder(folder)
  const { signal } = new AbortController()
  const { log, clock } = world
  const choice = readChoice(dataFolder)
  const gate = gated(opening.use(await openControlKeyspace(choice, { world, dataFolder, failed }, signal)))
  const { keyspace } = gate
  const identity = serverName(choice, world)
  const servers = opening.use(await Servers.open(keyspace, identity, world))
  if (identity !== undefined) opening.use(await followRefill(gate.behind, world, anew))
  const keys = await openClusterKeys({ world, keyspace, masterKeyFile }, signal)
  const { authority, keyring, master } = keys
  const call = storageDoor(dataFolder, world)
  const telemetry = opening.use(openTelemetry({ keyspace, folder, call }, world))
  const guarded = { ...telemetry, guardDelete: keepFilesystems(storageOver(call)) }
  const api = opening.use(await openApi(keyspace, keys, world, guarded))
  const { app, fetch, revocations, issuing, signer, tokens, users, lasting } = api
  const following = { world, keyspace, keyring, signer, servers, masterKeyFile, master }
  const followed = opening.use(await FollowedKeys.open(following, signal))
  const served = await listenOn(app, { start, world, authority, keyring, file: `${folder}/server.json` })
  const { url, listening } = served
  opening.use(listening)
  opening.defer(() => api.end())
  const access = { keyspace, world, dataFolder, fetch, authority, issuing, revocations, tokens, call }
  const takesControllers = choice.kind !== 'etcd'
  const admitting = {
    isShared: identity !== undefined,
    takesControllers,
    master: () => followed.master,
    wanted: start.nodeName,
  }
  const machines = opening.use(await openMachines({ ...access, ...admitting }, signal))
  const seats = opening.use(openSeats({ ...access, lookAtEtcd, choice, gate, anew }, machines))
  const controllers = opening.use(openControllers({ ...access, ...machines, identity }))
  telemetry.observer.countControllers(() => controllers.counts())
  users.onChange(() => listening.cut(peer => isDisabled(peer, users)))
  revocations.onRevoked(() => listening.cut(({ serial }) => revocations.has(serial)))
  const keepOwners = ownersKubeconfig({ ...access, url }, signal)
  await keepOwners()
  revocations.onRevoked(() => void keepOwners().catch(failed)) // the owner of the data folder is not left without one
  const rotation = opening.use(new Rotation({ world, keyspace, keyring, keys: followed, servers, masterKeyFile }))
  followed.onChange(() => {
    lasting.changed('callers')
    // Its key is sealed anew; at the latest when it is looked at the next time.
    served.renew().catch((error: unknown) => log.warn('the server certificate is not kept', { error: whyOf(error) }))
  })
  const renew = async (): Promise<void> => {
    rotation.wake()
    for (const each of [served.renew, keepOwners, machines.renew]) await each()
  }
  opening.use(renewing(world, renew))
  const handlers = [
    ...controlHandlers({ start, world, authority, served, revocations, issuing, keys: followed, rotation, keyspace }),
    ...rotationHandlers({ world, rotation }),
    ...credentialHandlers({ ...access, url, takesControllers }),
    ...machines.handlers,
    ...seats.handlers(),
    ...keyspaceHandlers({ world, dataFolder, masterKeyFile, gate, server: identity, anew }),
  ]
  opening.use(await listenSocket(controlDoorOf(dataFolder), { clock, log, software: softwareName(), handlers }))
  const all = opening.move()
  return { url, recoveryPhrase: keys.recoveryPhrase, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

type Owning = Omit<Parameters<typeof keepKubeconfig>[0], 'file' | 'isRevoked'> & {
  readonly dataFolder: string
  readonly url: string
  readonly revocations: { has(serial: string): boolean }
}

function ownersKubeconfig({ dataFolder, url, revocations, ...parts }: Owning, signal: AbortSignal) {
  const { world, authority, issuing } = parts
  const isRevoked = (serial: string) => revocations.has(serial)
  const kubeconfig = { world, authority, issuing, file: kubeconfigOf(dataFolder), isRevoked }
  return () => keepKubeconfig(kubeconfig, url, signal)
}

function isDisabled({ commonName, organizations }: Peer, users: Pick<FollowedUsers, 'find'>): boolean {
  return isRecordHeard(organizations) && users.find(commonName)?.isDisabled === true
}

type Peer = Pick<ShownCertificate, 'commonName' | 'organizations'>

// Servers that share an etcd elect one whose controllers work; a keyspace on this disk has one server only.
function serverName({ kind }: KeyspaceChoice, { entropy }: World): string | undefined {
  return kind === 'embedded' ? undefined : `${os.hostname()}-${Buffer.from(entropy.bytes(8)).toString('hex')}`
}
