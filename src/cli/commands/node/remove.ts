import type { Command } from 'commander'
import type { Client } from '#client'
import type { NodeRow } from '#cluster'
import { deleteNode, type HeldByNode, heldByNode, nodeOf } from '../../api/nodes.ts'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { nodeRows } from './rows.ts'

/** `cairn node remove` */
export function declareNodeRemove(node: Command, run: Run): void {
  node
    .command('remove')
    .description('take a machine out of the cloud for good: nobody lets it in any more')
    .argument('<name>', 'a machine, as `cairn node ls` shows it')
    .option('--force', 'also while copies are on it that may be nowhere else')
    .addHelpText('after', examples('cairn node remove attic', 'cairn node remove burnt-down --force'))
    .action((name: string, { force = false }: { readonly force?: boolean }) =>
      run(context =>
        withApi(context, async client => {
          const held = await takeOut(context, client, { name, isForced: force })
          const lost = held === undefined || held.isEmpty ? '' : ` It held ${held.text}.`
          const value = { removed: name, ...(held === undefined ? {} : { chunks: held.chunks, bytes: held.bytes }) }
          show(context, value, () => `Removed the machine ${name}: its certificate is refused from now on.${lost}\n`)
        }),
      ),
    )
}

/** Takes a machine out of the cloud; answers what it held. Faults: NotFound, Usage (it holds what may be nowhere else). */
export async function takeOut(
  context: Context,
  client: Client,
  { name, isForced }: { readonly name: string; readonly isForced: boolean },
): Promise<HeldByNode | undefined> {
  const { signal } = context
  const node = await nodeOf(client, name, signal)
  const { nodes } = await nodeRows(context)
  const row = nodes.find(each => each.name === name)
  refuseOwn(nodes, name)
  const held = await heldByNode(client, name, signal)
  if (!isForced && held?.isEmpty !== true) {
    const what = held === undefined ? 'what is not known' : held.text
    throw cliFault('Usage', `the machine ${name} holds ${what}; that may be nowhere else, and nothing was changed`, {
      hint: hintFor(name, row?.state === 'Offline'),
    })
  }
  await deleteNode(client, node, signal)
  return held
}

function refuseOwn(nodes: readonly NodeRow[], name: string): void {
  if (nodes.find(({ isOwn }) => isOwn)?.name !== name) return
  throw cliFault('Usage', `${name} is this machine, which holds the control plane`, {
    hint: 'A controller is removed on another one.',
  })
}

function hintFor(name: string, isOffline: boolean): string {
  if (isOffline) return `When it is lost for good: cairn node remove ${name} --force. What it had alone is lost then.`
  return `First: cairn node drain ${name}. When it is empty it can be removed. Or add --force, and lose what it has alone.`
}
