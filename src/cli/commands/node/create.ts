import type { Command } from 'commander'
import { tokenCreate } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openControlDoor } from '../../control-door.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { withSteps } from '../../steps.ts'
import { nodeRows } from './rows.ts'

interface Options {
  readonly mem: string
  readonly cpu: string
  readonly storage: string
}

/** `cairn node create` */
export function declareNodeCreate(node: Command, run: Run): void {
  node
    .command('create')
    .description('make a simulated machine on this one, in the cloud that runs here (needs root and podman)')
    .argument('<name>', 'small letters, digits and -')
    .option('--mem <megabytes>', 'its memory', '512')
    .option('--cpu <weight>', 'its share when processors are scarce; others have 1024', '1024')
    .requiredOption('--storage <size>', 'its disk, which takes room as it fills: 2G')
    .addHelpText('after', examples('cairn node create one --storage 2G --mem 512 --cpu 512', 'cairn node rm one'))
    .action((name: string, options: Options) =>
      run(context => create(context, name, options), 'What was made is gone again.'),
    )
}

async function create(context: Context, name: string, { mem, cpu, storage }: Options): Promise<void> {
  const { host, signal } = context
  const wanted = { name, memoryMiB: wholeOf('--mem', mem), cpuWeight: wholeOf('--cpu', cpu), storage }
  const address = await withSteps(context, tell =>
    host.simulatedNodes.create(wanted, own => tokenFor(context, name, own), { tell, signal }),
  )
  show(context, { ...wanted, address }, () => `Made the machine ${name}, which is in the cloud now\n`)
}

async function tokenFor(context: Context, name: string, address: string): Promise<string> {
  const port = await peerPort(context)
  await using door = await openControlDoor(context)
  const machine = { role: 'node', node: name, addresses: [`${address}:${port}`] } as const
  const wanted = { machine, seconds: TOKEN_SECONDS, isSingleUse: true, description: `simulated machine ${name}` }
  return (await door.call(tokenCreate, wanted, context.signal)).token
}

// The port at which this machine listens for others, as it tells them.
async function peerPort(context: Context): Promise<string> {
  const own = (await nodeRows(context)).nodes.find(({ isOwn }) => isOwn)
  const port = /:(\d+)$/.exec(own?.addresses[0] ?? '')?.[1]
  if (port !== undefined) return port
  throw cliFault('NotRunning', 'the Cairn of this machine listens for no others', {
    hint: 'Start it anew with `cairn up`, without `--peer-listen none`; see what it prints.',
  })
}

const TOKEN_SECONDS = 300

function wholeOf(option: string, word: string): number {
  if (/^\d{1,9}$/.test(word)) return Number(word)
  throw cliFault('Usage', `${option}: "${word}" is no whole number`, { hint: `Write ${option} 512, for example.` })
}
