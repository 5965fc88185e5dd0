import type { Command } from 'commander'
import { isFault } from '#base'
import { diskRemove } from '#rpc'
import { textAt } from '#schema'
import { byApi } from '../../api/by-api.ts'
import { DISKS } from '../../api/nodes.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { ownDisk } from './own-disks.ts'

/** `cairn disk remove` */
export function declareDiskRemove(disk: Command, run: Run): void {
  disk
    .command('remove')
    .description('use a disk of this machine no more: one that is drained, or one that is gone')
    .argument('<disk>', 'a disk of this machine: its name in `cairn disk ls`, or its folder')
    .option('--force', 'also when something is on it alone: that is lost')
    .addHelpText('after', examples('cairn disk remove /mnt/attic', 'cairn disk remove /mnt/attic --force'))
    .action((name: string, { force = false }: { readonly force?: boolean }) =>
      run(context => remove(context, name, force)),
    )
}

async function remove(context: Context, word: string, isForced: boolean): Promise<void> {
  await using door = await openDoor(context)
  try {
    const { id } = await ownDisk(door, context, word)
    const { name, path, state } = await door.call(diskRemove, { id, isForced }, context.signal)
    const then = state === 'Missing' ? '' : ' It may be pulled.'
    show(context, { removed: name, path }, () => `The disk ${name} at ${path} is used no more.${then}\n`)
  } catch (error) {
    if (!isFault(error, 'Unknown') || !(await forgetObject(context, word))) throw error
    show(context, { removed: word }, () => `Forgot the disk ${word}\n`)
  }
}

// An object that people made, and no machine knows.
async function forgetObject(context: Context, name: string): Promise<boolean> {
  const forgotten = await byApi(context, undefined, async client => {
    const found = await client.find(DISKS, { name }, context.signal)
    if (found === undefined || textAt(found, 'status', 'id') !== undefined) return { isDone: false }
    await client.delete(DISKS, { name }, { uid: found.metadata.uid }, context.signal)
    return { isDone: true }
  })
  return forgotten?.isDone === true
}
