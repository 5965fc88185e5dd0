import type { Command } from 'commander'
import { isFault } from '#base'
import type { Client } from '#client'
import { textAt } from '#schema'
import { DEVICES, nameOf } from '../../api/devices.ts'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'
import { declareDeviceAdd } from './add.ts'

/** `cairn device` */
export function declareDevice(program: Command, run: Run): void {
  const device = program.command('device').description('let phones and laptops in, and out').helpCommand(false)
  declareDeviceAdd(device, run)
  device
    .command('ls')
    .description('list devices')
    .addHelpText('after', examples('cairn device ls', 'cairn device ls -o json'))
    .action(() => run(context => withApi(context, client => list(context, client))))
  device
    .command('rm')
    .description('forget a device: its certificates end at once')
    .argument('<hash>', 'what it is known by, as `cairn device ls` shows it')
    .option('--namespace <name>', 'where its record lies', 'default')
    .addHelpText('after', examples('cairn device rm 5d41402abc4b2a76'))
    .action((hash: string, { namespace }: { readonly namespace: string }) =>
      run(async context => {
        await withApi(context, client => remove(client, { hash, namespace }, context.signal))
        show(context, { removed: hash, namespace }, () => `Forgot device ${hash}\n`)
      }),
    )
}

async function remove(
  client: Client,
  { hash, namespace }: { readonly hash: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.delete(DEVICES, { namespace, name: nameOf(hash) }, {}, signal)
  } catch (error) {
    if (!isFault(error, 'NotFound')) throw error
    throw cliFault('Unknown', `there is no device ${hash} in the namespace ${namespace}`, {
      hint: '`cairn device ls` lists them.',
      cause: error,
    })
  }
}

async function list(context: Context, client: Client): Promise<void> {
  const { objects } = await client.listAll(DEVICES, {}, context.signal)
  const devices = objects.map(object => ({
    hash: textAt(object, 'spec', 'hash') ?? '',
    namespace: object.metadata.namespace ?? '',
    seen: textAt(object, 'status', 'lastSeen') ?? null,
    expires: textAt(object, 'status', 'certificateExpiresAt') ?? null,
    description: textAt(object, 'spec', 'description') ?? '',
  }))
  const rows = devices.map(({ hash, namespace, seen, expires, description }) => {
    return [hash, namespace, timeOf(seen), timeOf(expires), description]
  })
  show(context, devices, () => table(COLUMNS, rows))
}

const COLUMNS = ['HASH', 'NAMESPACE', 'SEEN (UTC)', 'EXPIRES (UTC)', 'DESCRIPTION'].map(title => ({ title }))

function timeOf(time: string | null): string {
  return time === null ? 'never' : time.slice(0, 16).replace('T', ' ')
}
