import dgram from 'node:dgram'
import os from 'node:os'
import type { Clock } from '#base'
import { DISCOVERY_ASKS_MS, DISCOVERY_FOUND_MAX, DISCOVERY_MS } from '../limits.ts'
import { discoveryNetworks, discoveryQuestion, type FoundController, MULTICAST, readDiscovery } from './service.ts'

/** Asks on all networks of this machine for controllers, for two seconds; by name. Rejects with the signal's reason. */
export async function findControllers(clock: Clock, signal: AbortSignal): Promise<readonly FoundController[]> {
  const found = new Map<string, FoundController>()
  const id = Math.trunc(clock.monotonicMs()) & 0xffff
  const take = (controller: FoundController) => {
    if (found.size < DISCOVERY_FOUND_MAX) found.set(`${controller.fingerprint} ${controller.address}`, controller)
  }
  await using asking = new AsyncDisposableStack()
  const asks = discoveryNetworks(os.networkInterfaces()).map(({ address }) => asking.use(askOn(address, id, take)))
  for (const afterMs of DISCOVERY_ASKS_MS) {
    for (const { ask } of asks) ask()
    await clock.sleep(afterMs, signal)
  }
  await clock.sleep(DISCOVERY_MS, signal)
  return Array.from(found.values()).sort((one, other) => (one.name < other.name ? -1 : 1))
}

interface Asking extends AsyncDisposable {
  ask(): void
}

// From a port of its own: so the answers come here alone (RFC 6762, 6.7).
function askOn(address: string, id: number, take: (found: FoundController) => void): Asking {
  const socket = dgram.createSocket('udp4')
  let isOpen = false
  const question = discoveryQuestion(id)
  const send = () => socket.send(question, MULTICAST.port, MULTICAST.address, () => undefined)
  socket.on('error', () => undefined) // a network that is gone, or has no multicast
  socket.on('message', (bytes, from) => {
    const found = from.port === MULTICAST.port ? readDiscovery(bytes, id, from.address) : undefined
    if (found !== undefined) take(found)
  })
  socket.bind({ address, port: 0 }, () => {
    socket.setMulticastInterface(address)
    socket.setMulticastTTL(255)
    isOpen = true
    send()
  })
  return {
    ask: () => void (isOpen && send()),
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => socket.close(() => resolve())),
  }
}
