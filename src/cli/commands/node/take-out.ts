import type { Client } from '#client'
import type { NodeRow } from '#cluster'
import { deleteNode, type HeldByNode, heldByNode, nodeOf } from '../../api/nodes.ts'
import type { Context } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { nodeRows } from './rows.ts'

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
