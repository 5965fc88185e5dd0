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
import { MACHINE_OPTION, namedDisk } from './named-disk.ts'

/** `cairn disk remove` */
export function declareDiskRemove(disk: Command, run: Run): void {
  disk
    .command('remove')
    .description('use a disk no more: one that is drained, or one that is gone')
    .argument('<disk>', 'its name in `cairn disk ls`, or its folder')
    .option(...MACHINE_OPTION)
    .option('--force', 'also when something is on it alone: that is lost')
    .addHelpText(
      'after',
      examples('cairn disk remove /mnt/attic', 'cairn disk remove m3-f6f8292c', 'cairn disk remove /mnt/attic --force'),
    )
    .action((word: string, said: Said) => run(context => remove(context, word, said)))
}

interface Said {
  readonly force?: boolean
  readonly machine?: string
}

async function remove(context: Context, word: string, { force: isForced = false, machine }: Said): Promise<void> {
  await using door = await openDoor(context)
  try {
    const found = await namedDisk(door, context, { word, machine })
    const params = { machine: found.machine, id: found.row.id, isForced }
    const { name, path, state } = await door.call(diskRemove, params, context.signal)
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
