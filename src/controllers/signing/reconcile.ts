import { isFault } from '#base'
import { Controller, DONE, type Outcome } from '../loop/controller.ts'
import { feed } from '../loop/feed.ts'
import type { ControllerParts } from '../loop/parts.ts'
import { timeText } from '../loop/times.ts'
import { CERTIFICATE_SIGNING_REQUESTS } from '../resources.ts'
import { orderOf, refused, type Signer, signed } from './plan.ts'

/** Signs certificate requests once somebody who may has approved them. */
export function signingController(parts: ControllerParts, signer: Signer): Controller {
  const reconcile = async (name: string, signal: AbortSignal): Promise<Outcome> => {
    await signRequest(parts, signer, name, signal)
    return DONE
  }
  const controller = new Controller({ name: 'certificate-signing', world: parts.world, reconcile })
  const requests = parts.informers.of({ resource: CERTIFICATE_SIGNING_REQUESTS })
  feed(controller, requests, object => (orderOf(object, signer.names) === undefined ? [] : [object.metadata.name]))
  return controller
}

async function signRequest(parts: ControllerParts, signer: Signer, name: string, signal: AbortSignal): Promise<void> {
  const { client, world } = parts
  const request = await client.find(CERTIFICATE_SIGNING_REQUESTS, { name }, signal)
  const order = request === undefined ? undefined : orderOf(request, signer.names)
  if (request === undefined || order === undefined) return
  const next = await signer.sign(order, signal).then(
    certificatePem => signed(request, certificatePem),
    (error: unknown) => {
      if (!isFault(error) || error.status !== 400) throw error
      return refused(request, error.message, timeText(world.clock))
    },
  )
  await client.updateStatus(CERTIFICATE_SIGNING_REQUESTS, next, signal)
}
