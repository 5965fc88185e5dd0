import { isFault } from '#base'
import type { Client } from '#client'
import type { Context } from '../context.ts'

/**
 * Does something by the API, where everything that is wanted is said. Undefined when there is none, or it does not know the
 * filesystem yet: then storage can be asked itself. It can be asked too, with `away`, while the control plane does not
 * answer. Faults: those of the work.
 */
export async function byApi<Value extends object>(
  context: Context,
  away: string | undefined,
  work: (client: Client) => Promise<Value>,
): Promise<Value | undefined> {
  // Loaded only here: other commands do without a client of the API.
  const { openApi } = await import('./client.ts')
  await using api = openApi(context)
  if (api === undefined) return undefined
  try {
    return await work(api.client)
  } catch (error) {
    if (isFault(error, 'NotFound')) return undefined
    if (!isFault(error, 'Unreachable') || away === undefined) throw error
    context.terminal.err(`note: the control plane does not answer: ${away}\n`)
    return undefined
  }
}
