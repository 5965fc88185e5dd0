import { isSystemError, type World, whyOf } from '#base'
import type { MeshMap } from '#mesh'
import { EchoPort, type HeardDirect } from './echo.ts'
import type { MeshFiles } from './keys.ts'
import { NameServer } from './name-server.ts'
import { announceNames, type NamesAt, type NamesBy, retractNames } from './resolver.ts'

/** Where this machine is on the mesh. */
export interface Place extends NamesAt {
  /** The address to which packets always go directly; undefined where nothing is relayed. */
  readonly direct: string | undefined
}

/** What presence is opened with. */
export interface PresenceParts {
  readonly world: World
  readonly files: MeshFiles
  readonly map: () => MeshMap | undefined
  readonly heardDirect: HeardDirect
}

/** What listens at the addresses of this machine on the mesh: echoes, and names of machines. */
export interface Presence extends AsyncDisposable {
  readonly address: string
  readonly usual: EchoPort
  readonly direct: EchoPort
  readonly names: NamesBy
}

/** Opens it. Errors: those of the system, when the addresses are not there. */
export async function openPresence(place: Place, { world, files, map, heardDirect }: PresenceParts): Promise<Presence> {
  const { address, direct } = place
  await using opening = new AsyncDisposableStack()
  const usual = opening.use(await EchoPort.open(address, world))
  const other = direct === undefined ? usual : opening.use(await EchoPort.open(direct, world, heardDirect))
  const server = await nameServer(address, map, world)
  if (server !== undefined) opening.use(server)
  opening.defer(() => retractNames(files))
  const names = server === undefined ? 'none' : await announceNames(place, files)
  const all = opening.move()
  return { address, usual, direct: other, names, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

// Something else may answer names at every address of this machine.
async function nameServer(address: string, map: PresenceParts['map'], { log }: World): Promise<NameServer | undefined> {
  try {
    return await NameServer.open(address, map)
  } catch (error) {
    if (!isSystemError(error)) throw error
    log.warn('names of machines are not answered here', { address, why: whyOf(error) })
    return undefined
  }
}
