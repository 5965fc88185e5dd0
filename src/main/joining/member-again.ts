import { isFault, type World } from '#base'
import { clusterReload, keepPlaces, machineOf, type NodeFiles } from '#cluster'
import type { JoinToken } from '#identity'
import { connectSocket, connectTls, doorOf } from '#rpc'
import { mainFault } from '../faults.ts'
import { JOIN_DIAL_MS } from '../limits.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { softwareName } from '../version.ts'
import { hostAndPort, reasonOf } from './dial.ts'

/**
 * Lets a member of the cloud look for its controllers at the addresses of a token too, from now on, also while Cairn runs on the
 * data folder; the token is not used. Answers whether it runs. Faults: CloudUnreachable (no controller answers at any).
 */
export async function moveControllers(
  { addresses }: Pick<JoinToken, 'addresses'>,
  { dataFolder, files }: { readonly dataFolder: string; readonly files: NodeFiles },
  world: World,
): Promise<boolean> {
  await findController(addresses, files)
  await keepPlaces(world.disk, dataFolder, addresses)
  if (!isRunning(dataFolder, world)) return false
  const signal = AbortSignal.timeout(JOIN_DIAL_MS)
  await using client = await connectSocket(doorOf(dataFolder), { clock: world.clock, software: softwareName() }, signal)
  await client.call(clusterReload, undefined, signal)
  return true
}

// Nothing is said there: that a controller of this cloud shows its certificate is enough.
async function findController(addresses: readonly string[], { credential }: NodeFiles): Promise<void> {
  const over = new AbortController()
  const failures: string[] = []
  const one = async (address: string): Promise<void> => {
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(JOIN_DIAL_MS)])
    try {
      const isMeant = (peer: Parameters<typeof machineOf>[0]) => machineOf(peer)?.isController === true
      const { duplex } = await connectTls({ ...hostAndPort(address), credential, isMeant }, signal)
      duplex.destroy()
    } catch (error) {
      failures.push(`${address}: ${reasonOf(error)}`)
      throw error
    }
  }
  try {
    await Promise.any(addresses.map(one))
  } catch {
    const tried = failures.length === 0 ? 'the token names no address' : failures.join('; ')
    throw mainFault('CloudUnreachable', `no controller of the cloud answers: ${tried}`, {
      hint: 'Nothing was changed. Make a token with an address that leads to one: cairn token create --role node --address HOST',
    })
  } finally {
    over.abort()
  }
}

function isRunning(dataFolder: string, { disk }: World): boolean {
  try {
    takeInstance(dataFolder, disk)[Symbol.dispose]()
    return false
  } catch (error) {
    if (isFault(error, 'AlreadyRunning')) return true
    throw error
  }
}
