import { isFault, type World, whyOf } from '#base'
import { clusterMap, clusterReload, keepPlaces, machineOf, type NodeFiles } from '#cluster'
import type { JoinToken } from '#identity'
import { connectSocket, connectTls, doorOf, message, openClient } from '#rpc'
import { mainFault } from '../faults.ts'
import { JOIN_DIAL_MS } from '../limits.ts'
import { takeInstance } from '../supervisor/instance.ts'
import { softwareName } from '../version.ts'
import { hostAndPort, reasonOf } from './dial.ts'

/**
 * Lets a member of the cloud look for its controllers at the addresses of a token too, from now on, also while Cairn runs on the
 * data folder; the token is not used. Answers whether it runs. Faults: CloudUnreachable (no controller answers at any), Removed.
 */
export async function moveControllers(
  { addresses }: Pick<JoinToken, 'addresses'>,
  { dataFolder, files }: { readonly dataFolder: string; readonly files: NodeFiles },
  world: World,
): Promise<boolean> {
  await findController(addresses, files, world)
  await keepPlaces(world.disk, dataFolder, addresses)
  if (!isRunning(dataFolder, world)) return false
  const signal = AbortSignal.timeout(JOIN_DIAL_MS)
  await using client = await connectSocket(doorOf(dataFolder), { clock: world.clock, software: softwareName() }, signal)
  await client.call(clusterReload, undefined, signal)
  return true
}

async function findController(addresses: readonly string[], files: NodeFiles, world: World): Promise<void> {
  const over = new AbortController()
  const asked = addresses.map(async address => {
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(JOIN_DIAL_MS)])
    try {
      await askController(address, files, world, signal)
    } catch (error) {
      throw isFault(error, 'Removed') ? error : new Error(`${address}: ${reasonOf(error)}`)
    }
  })
  try {
    await Promise.any(asked)
  } catch (error) {
    const reasons: unknown[] = error instanceof AggregateError ? error.errors : []
    const removed = reasons.find(reason => isFault(reason, 'Removed'))
    if (removed !== undefined) throw removed
    const tried = reasons.length === 0 ? 'the token names no address' : reasons.map(whyOf).join('; ')
    throw mainFault('CloudUnreachable', `no controller of the cloud answers: ${tried}`, {
      hint: 'Nothing was changed. Make a token with an address that leads to one: cairn token create --role node --address HOST',
    })
  } finally {
    over.abort()
  }
}

// Who was removed is told of no map.
async function askController(address: string, { node, credential }: NodeFiles, world: World, signal: AbortSignal) {
  const isMeant = (peer: Parameters<typeof machineOf>[0]) => machineOf(peer)?.isController === true
  const { duplex } = await connectTls({ ...hostAndPort(address), credential, isMeant }, signal)
  await using client = await openClient(duplex, { clock: world.clock, software: softwareName() }, signal)
  try {
    await client.exchange(clusterMap, message(undefined), signal)
  } catch (error) {
    if (!isFault(error, 'Unsupported')) throw error
    throw mainFault('Removed', `this machine, ${node.name}, was removed from the cloud`, {
      hint: 'To take it in again, join with a new data folder: cairn join TOKEN --data FOLDER',
    })
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
