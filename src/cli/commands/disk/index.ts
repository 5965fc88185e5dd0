import type { Command } from 'commander'
import type { Client } from '#client'
import { bytesText, jsonAt, type KubeObject, numberAt, textAt } from '#schema'
import { DISKS } from '../../api/nodes.ts'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'

/** `cairn disk` */
export function declareDisk(program: Command, run: Run): void {
  const disk = program.command('disk').description('look after the disks of the cloud').helpCommand(false)
  disk
    .command('ls')
    .description('list the disks of all machines')
    .addHelpText('after', examples('cairn disk ls', 'cairn disk ls -o json'))
    .action(() => run(context => withApi(context, client => list(context, client))))
  disk
    .command('add')
    .description('use another disk: not supported yet, as a machine keeps everything in its data folder')
    .argument('<path>', 'a folder on it')
    .option('--size <size>', 'how much of it may be used')
    .action((path: string) =>
      run(async () => {
        throw unsupported(`${path} is not used`, 'To use another disk, start Cairn with its data folder there: --data.')
      }),
    )
  disk
    .command('drain')
    .description('empty a disk: a machine has one, so the machine is drained')
    .argument('<name>', 'a disk, as `cairn disk ls` shows it')
    .action((name: string) =>
      run(context =>
        withApi(context, async client => {
          const found = await diskOf(context, client, name)
          const machine = textAt(found, 'spec', 'nodeName') ?? name
          throw unsupported(`${name} is the only disk of ${machine}`, `Drain the machine: cairn node drain ${machine}`)
        }),
      ),
    )
  disk
    .command('remove')
    .description('forget a disk that is gone')
    .argument('<name>', 'a disk that is Missing')
    .addHelpText('after', examples('cairn disk remove attic'))
    .action((name: string) => run(context => withApi(context, client => remove(context, client, name))))
}

async function list(context: Context, client: Client): Promise<void> {
  const { objects } = await client.listAll(DISKS, {}, context.signal)
  const disks = objects.map(object => ({
    name: object.metadata.name,
    machine: textAt(object, 'spec', 'nodeName') ?? '',
    path: textAt(object, 'spec', 'path') ?? '',
    id: textAt(object, 'status', 'id') ?? null,
    state: textAt(object, 'status', 'phase') ?? 'Unknown',
    chunks: numberAt(object, 'status', 'chunks') ?? null,
    used: jsonAt(object, 'status', 'bytesUsed') ?? null,
    free: jsonAt(object, 'status', 'bytesFree') ?? null,
    message: textAt(object, 'status', 'message') ?? '',
  }))
  const rows = disks.map(({ name, machine, state, chunks, used, free, path, message }) => {
    const sizes = [used, free].map(amount => bytesText(amount) ?? '-')
    return [name, machine, state, String(chunks ?? '-'), ...sizes, path, message]
  })
  show(context, disks, () => table(COLUMNS, rows))
}

const COLUMNS = [
  { title: 'DISK' },
  { title: 'MACHINE' },
  { title: 'STATE' },
  { title: 'CHUNKS', align: 'right' },
  { title: 'USED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'PATH' },
  { title: 'MESSAGE' },
] as const

async function remove(context: Context, client: Client, name: string): Promise<void> {
  const found = await diskOf(context, client, name)
  if (textAt(found, 'status', 'phase') !== 'Missing') {
    const machine = textAt(found, 'spec', 'nodeName') ?? name
    throw unsupported(`${name} is in use: it is the only disk of ${machine}`, `See: cairn node remove ${machine}`)
  }
  await client.delete(DISKS, { name }, { uid: found.metadata.uid }, context.signal)
  show(context, { removed: name }, () => `Forgot the disk ${name}\n`)
}

async function diskOf(context: Context, client: Client, name: string): Promise<KubeObject> {
  const found = await client.find(DISKS, { name }, context.signal)
  if (found !== undefined) return found
  throw cliFault('Unknown', `there is no disk ${name}`, { hint: '`cairn disk ls` lists them.' })
}

function unsupported(what: string, hint: string): Error {
  return cliFault('Usage', `Unsupported: several disks in one machine; ${what}`, { hint })
}
