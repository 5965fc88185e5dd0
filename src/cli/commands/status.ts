import type { Command } from 'commander'
import { isFault } from '#base'
import { type NodeStatus, nodeStatus } from '#rpc'
import { type Context, dataFolder, openDoor, show } from '../context.ts'
import { cliFault } from '../faults.ts'
import { formatBytes, formatDuration, plural } from '../format.ts'
import { examples } from '../help.ts'
import type { Run } from '../run.ts'
import { table } from '../table.ts'

/** `cairn status` */
export function declareStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description('show whether Cairn runs, its filesystems, mounts and space; exit code 1 when it does not run')
    .addHelpText('after', examples('cairn status', 'cairn status -o json | jq .filesystems'))
    .action(() => run(status))
}

async function status(context: Context): Promise<void> {
  const found = await askStatus(context)
  if (found === undefined) {
    if (context.common.output === 'json') context.terminal.out('{ "running": false }\n')
    throw cliFault('NotRunning', `Cairn does not run on ${dataFolder(context)}`, { hint: 'Start it with `cairn up`.' })
  }
  show(context, { running: true, ...found }, () => statusText(found))
}

async function askStatus(context: Context): Promise<NodeStatus | undefined> {
  try {
    await using client = await openDoor(context)
    return await client.call(nodeStatus, undefined, context.signal)
  } catch (error) {
    if (isFault(error, 'Unreachable') && !error.message.includes('this user')) return undefined
    throw error
  }
}

/** The status for people. */
export function statusText(status: NodeStatus): string {
  const { disk, filesystems, mounts } = status
  const head = [
    `${status.software} runs (process ${status.pid}), serving for ${formatDuration(status.uptimeMs)}`,
    `data   ${status.dataFolder}`,
    `held   ${plural(status.held.chunks, 'chunk')}, ${formatBytes(status.held.bytes)}`,
    `space  ${formatBytes(disk.freeBytes)} free of ${formatBytes(disk.totalBytes)}`,
  ]
  const rows = filesystems.map(({ name, files, freeBytes }) => {
    const paths = mounts.filter(mount => mount.filesystem === name).map(mount => mount.path)
    return [name, files === undefined ? '-' : String(files), formatBytes(freeBytes), paths.join(', ') || '-']
  })
  const columns = [
    { title: 'FILESYSTEM' },
    { title: 'FILES', align: 'right' },
    { title: 'FREE', align: 'right' },
    { title: 'MOUNT' },
  ] as const
  return `${head.join('\n')}\n\n${table(columns, rows)}`
}
