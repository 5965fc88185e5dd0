import { ifFault } from '#client'
import type { JsonObject } from '#schema'
import { NODE_LEASE_MS, NODE_LEASE_STEP_MS } from '../limits.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { microTimeText } from '../loop/times.ts'
import { LEASES } from '../resources.ts'

/** The Leases by which others see which machines are alive: renewed once a minute for those that are heard. */
export class Leases {
  readonly #parts: Pick<ControllerParts, 'client' | 'world'>
  /** When the Lease of a machine was renewed last. */
  readonly #renewedMs = new Map<string, number>()

  constructor(parts: Pick<ControllerParts, 'client' | 'world'>) {
    this.#parts = parts
  }

  /** Renews the Lease of a machine when it is time; answers the milliseconds until it is again. */
  async keep(name: string, signal: AbortSignal): Promise<number> {
    const { client, world } = this.#parts
    const nowMs = world.clock.monotonicMs()
    const leftMs = (this.#renewedMs.get(name) ?? nowMs - NODE_LEASE_STEP_MS) + NODE_LEASE_STEP_MS - nowMs
    if (leftMs > 0) return leftMs
    const place = { namespace: 'kube-node-lease', name }
    const leaseDurationSeconds = NODE_LEASE_MS / 1000
    const spec: JsonObject = {
      holderIdentity: name,
      leaseDurationSeconds,
      renewTime: microTimeText(world.clock),
    }
    const there = await client.find(LEASES, place, signal)
    if (there !== undefined) await client.update(LEASES, { ...there, spec }, signal).catch(ifFault('Conflict'))
    else {
      const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: place, spec }
      await client.create(LEASES, lease, signal).catch(ifFault('AlreadyExists'))
    }
    this.#renewedMs.set(name, nowMs)
    return NODE_LEASE_STEP_MS
  }
}
