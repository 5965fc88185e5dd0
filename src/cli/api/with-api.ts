import type { Client } from '#client'
import type { Context } from '../context.ts'
import { cliFault } from '../faults.ts'
import { refuseOnNode } from '../on-controller.ts'

/** Does something with the API of the running Cairn. Faults: NotRunning, Unreachable. */
export async function withApi(context: Context, work: (client: Client) => Promise<void>): Promise<void> {
  // Loaded only here: other commands do without a client of the API.
  const { openApi } = await import('./client.ts')
  await using api = openApi(context)
  if (api !== undefined) return await work(api.client)
  await refuseOnNode(context)
  throw cliFault('NotRunning', 'there is no API', { hint: 'Start Cairn with `cairn up`, without `--listen none`.' })
}
