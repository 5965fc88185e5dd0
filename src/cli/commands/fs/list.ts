import type { Command } from 'commander'
import { filesystemList } from '#rpc'
import { openDoor, show } from '../../context.ts'
import { formatBytes } from '../../format.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'

/** `cairn fs ls` */
export function declareList(fs: Command, run: Run): void {
  fs.command('ls')
    .description('list the filesystems')
    .action(() =>
      run(async context => {
        await using client = await openDoor(context)
        const { filesystems } = await client.call(filesystemList, undefined, context.signal)
        const rows = filesystems.map(row => [
          row.name,
          row.files === undefined ? '-' : String(row.files),
          formatBytes(row.freeBytes),
        ])
        show(context, filesystems, () => table(COLUMNS, rows))
      }),
    )
}

const COLUMNS = [
  { title: 'FILESYSTEM' },
  { title: 'FILES', align: 'right' },
  { title: 'FREE', align: 'right' },
] as const
