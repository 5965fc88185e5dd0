import type { Command } from 'commander'
import type { Client } from '#client'
import { drainedSpec } from '#schema'
import { type HeldByNode, heldByNode, NODES, nodeOf } from '../../api/nodes.ts'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { nodeRows } from './rows.ts'
import { untilDrained } from './until-drained.ts'

/** `cairn node drain` and `cairn node undrain` */
export function declareNodeDrain(node: Command, run: Run): void {
  node
    .command('drain')
    .description('let a machine give its copies away, so that it can be switched off or removed')
    .argument('<name>', 'a machine, as `cairn node ls` shows it')
    .option('--wait', 'show how far it is, and end when its plug may be pulled')
    .addHelpText('after', examples('cairn node drain attic', 'cairn node drain attic --wait'))
    .action((name: string, { wait = false }: { readonly wait?: boolean }) =>
      run(context => withApi(context, client => drain(context, client, { name, isAwaited: wait }))),
    )
  node
    .command('undrain')
    .description('let a machine keep its copies after all, and get new ones')
    .argument('<name>', 'a machine that is drained')
    .addHelpText('after', examples('cairn node undrain attic'))
    .action((name: string) => run(context => withApi(context, client => undrain(context, client, name))))
}

interface Drain {
  readonly name: string
  readonly isAwaited: boolean
}

async function drain(context: Context, client: Client, { name, isAwaited }: Drain): Promise<void> {
  await mark(client, name, true, context.signal)
  if (isAwaited) return await untilDrained(context, client, name)
  const held = await heldByNode(client, name, context.signal)
  const others = (await nodeRows(context)).nodes.filter(each => each.name !== name && each.state === 'Online').length
  const value = { draining: name, ...(held === undefined ? {} : { chunks: held.chunks, bytes: held.bytes }) }
  show(context, value, () => drainText(name, held, others))
}

function drainText(name: string, held: HeldByNode | undefined, others: number): string {
  const head = `The machine ${name} takes nothing new`
  if (held?.isEmpty === true) return `${head}, and nothing is on it: it can be switched off.\n`
  const there = held === undefined ? 'What is on it is not known yet.' : `Now it holds ${held.text}.`
  const then =
    others === 0
      ? 'No other machine can take its copies now: they stay until one is Online.'
      : `See what is left, and when its plug may be pulled: cairn node drain ${name} --wait`
  return `${head}, and gives its copies away. ${there}\n${then}\n`
}

async function undrain(context: Context, client: Client, name: string): Promise<void> {
  await mark(client, name, false, context.signal)
  show(context, { undrained: name }, () => `The machine ${name} keeps its copies, and gets new ones.\n`)
}

async function mark(client: Client, name: string, isDrained: boolean, signal: AbortSignal): Promise<void> {
  const node = await nodeOf(client, name, signal)
  const { uid, resourceVersion } = node.metadata
  const body = { metadata: { uid, resourceVersion }, spec: drainedSpec(node, isDrained) }
  await client.patch(NODES, { name }, { type: 'merge', body }, signal)
}
