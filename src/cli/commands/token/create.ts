import { type Command, Option } from 'commander'
import { tokenCreate } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openControlDoor } from '../../control-door.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'

interface Options {
  readonly user?: string
  readonly role?: 'node' | 'controller'
  readonly node?: string
  readonly address: readonly string[]
  readonly ttl: string
  readonly reusable?: boolean
  readonly description: string
  readonly qr?: boolean
}

/** `cairn token create` */
export function declareTokenCreate(token: Command, run: Run): void {
  token
    .command('create')
    .description('make a token that lets somebody or something in for the first time; it is shown once')
    .option('--user <name>', 'who gets a certificate for it (`cairn kubeconfig --token`); device:HASH for a device')
    .addOption(
      new Option('--role <role>', 'for a machine: what it becomes with `cairn join`').choices(['node', 'controller']),
    )
    .option('--node <name>', 'for a machine of this name alone, which may take the name back')
    .option('--address <address>', 'HOST[:PORT] at which this machine is reached too; may be said again', more, [])
    .option('--ttl <time>', 'how long it holds: seconds, or 10m, 2h, 7d', '300')
    .option('--reusable', 'let it be used until it expires, not once; not for machines')
    .option('--description <text>', 'what it is for', '')
    .option('--qr', 'show it as a QR code too, with the address of the API')
    .addHelpText(
      'after',
      examples(
        'cairn token create --role node',
        'cairn token create --user ada',
        'cairn token create --user ada --ttl 1h --qr',
        'cairn token ls',
      ),
    )
    .action((options: Options) => run(context => create(context, options)))
}

async function create(context: Context, options: Options): Promise<void> {
  const { user, ttl, reusable = false, description, qr } = options
  const seconds = secondsOf(ttl)
  const machine = machineOf(options)
  await using client = await openControlDoor(context)
  const request = { user, machine, seconds, isSingleUse: !reusable, description }
  const { token, row, url, addresses } = await client.call(tokenCreate, request, context.signal)
  const places = machine === undefined ? {} : { addresses }
  show(context, { token, url, ...places, ...row }, () => `${token}\n`)
  if (machine !== undefined) tellHow(context, token, addresses)
  if (qr === true) context.terminal.err(await qrOf(`${url}#${token}`))
}

// For a machine when any of its options is there.
function machineOf({ role, node, address, user, reusable = false, qr = false }: Options) {
  if (role === undefined && node === undefined && address.length === 0) return undefined
  if (user !== undefined || reusable || qr) {
    const option = user !== undefined ? '--user' : reusable ? '--reusable' : '--qr'
    throw cliFault('Usage', `${option} is not for a token of a machine`, { hint: 'It lets one machine in, once.' })
  }
  return { role: role ?? 'node', node, addresses: address }
}

function tellHow({ terminal, common }: Context, token: string, addresses: readonly string[]): void {
  if (common.output === 'json') return
  terminal.err(`note: on the machine that shall join: cairn join ${token}\n`)
  terminal.err(`note: it will try ${addresses.join(', ')}\n`)
}

function more(word: string, before: readonly string[]): readonly string[] {
  return [...before, word]
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }

function secondsOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,8})([smhd]?)$/.exec(text) ?? []
  const seconds = Number(count) * (UNITS[unit] ?? 1)
  if (count !== '' && seconds >= 1 && seconds <= 366 * 86_400) return seconds
  throw cliFault('Usage', `--ttl: "${text}" is no time of 1 second to 366 days`, { hint: 'Write 300, 10m, 2h or 7d.' })
}

// Two squares in each letter: half as high.
async function qrOf(text: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr')
  return `${renderUnicodeCompact(text, { border: 2 })}\n`
}
