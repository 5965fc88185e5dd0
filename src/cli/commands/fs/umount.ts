import type { Command } from 'commander'
import { filesystemUnmount } from '#rpc'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { absoluteLocal, leaveFolder } from '../../local/paths.ts'
import type { Run } from '../../run.ts'

/** `cairn fs umount` */
export function declareUmount(fs: Command, run: Run): void {
  fs.command('umount')
    .description('unmount a folder, now and at every start; refused while a program uses it')
    .argument('<folder>', 'where a filesystem is mounted')
    .action((folder: string) =>
      run(async context => {
        const target = absoluteLocal(folder)
        await using client = await openDoor(context)
        leaveFolder()
        const { path } = await client.call(filesystemUnmount, { path: target }, context.signal)
        show(context, { path }, () => `Unmounted ${path}\n`)
      }),
    )
}
