import type { Command } from 'commander'
import { diskAdd, type DiskRow } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import { absoluteLocal } from '../../local/paths.ts'
import type { Run } from '../../run.ts'
import { sizeWord } from '../../size-word.ts'

/** `cairn disk add` */
export function declareDiskAdd(disk: Command, run: Run): void {
  disk
    .command('add')
    .description('use another disk of this machine, or one that was drained or failed again')
    .argument('<path>', 'an empty folder on it, such as where it is mounted')
    .option('--size <size>', 'how much of it may be used; without it, all but what keeps it well', sizeWord)
    .addHelpText('after', examples('cairn disk add /mnt/attic', 'cairn disk add /srv/cairn --size 200G'))
    .action((path: string, { size }: { readonly size?: number }) => run(context => add(context, path, size)))
}

async function add(context: Context, path: string, bytesMax: number | undefined): Promise<void> {
  await using door = await openDoor(context)
  const params = { path: absoluteLocal(path), ...(bytesMax === undefined ? {} : { bytesMax }) }
  const row = await door.call(diskAdd, params, context.signal)
  show(context, row, () => addText(row))
}

function addText({ name, path, freeBytes, chunks }: DiskRow): string {
  const holds = chunks === 0 ? '' : ` It holds ${chunks} chunks already.`
  return `The disk at ${path} is used as ${name}: ${formatBytes(freeBytes)} are free on it.${holds}\n`
}
