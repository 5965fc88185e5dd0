import type { Command } from 'commander'
import { nodeStatus } from '#rpc'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import type { Run } from '../../run.ts'
import { filesystemTable } from '../status.ts'

/** `cairn fs ls` */
export function declareList(fs: Command, run: Run): void {
  fs.command('ls')
    .description('list the filesystems and where they are mounted')
    .action(() =>
      run(async context => {
        await using client = await openDoor(context)
        const { filesystems, mounts } = await client.call(nodeStatus, undefined, context.signal)
        const rows = filesystems.map(row => ({
          ...row,
          mounts: mounts.filter(mount => mount.filesystem === row.name).map(mount => mount.path),
        }))
        show(context, rows, () => filesystemTable(filesystems, mounts))
      }),
    )
}
