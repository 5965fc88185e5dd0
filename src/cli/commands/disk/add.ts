import type { Command } from 'commander'
import { diskAdd, type DiskRow } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { sizeWord } from '../../size-word.ts'
import { folderOn, MACHINE_OPTION } from './named-disk.ts'

/** `cairn disk add` */
export function declareDiskAdd(disk: Command, run: Run): void {
  disk
    .command('add')
    .description('use another disk of a machine, or one that was drained or failed again')
    .argument('<path>', 'an empty folder on it, such as where it is mounted')
    .option('--size <size>', 'how much of it may be used; without it, all but what keeps it well', sizeWord)
    .option(...MACHINE_OPTION)
    .addHelpText(
      'after',
      examples(
        'cairn disk add /mnt/attic',
        'cairn disk add /srv/cairn --size 200G',
        'cairn disk add /mnt/attic --machine m3',
      ),
    )
    .action((path: string, said: Said) => run(context => add(context, path, said)))
}

interface Said {
  readonly size?: number
  readonly machine?: string
}

async function add(context: Context, word: string, { size: bytesMax, machine }: Said): Promise<void> {
  const path = folderOn(machine, word)
  await using door = await openDoor(context)
  const row = await door.call(diskAdd, { machine, path, bytesMax }, context.signal)
  show(context, row, () => addText(row))
}

function addText({ name, path, freeBytes, chunks }: DiskRow): string {
  const holds = chunks === 0 ? '' : ` It holds ${chunks} chunks already.`
  return `The disk at ${path} is used as ${name}: ${formatBytes(freeBytes)} are free on it.${holds}\n`
}
