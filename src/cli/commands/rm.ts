import type { Command } from 'commander'
import { fileRemove, filesystemSync } from '#rpc'
import { cloudPlace } from '../cloud-path.ts'
import { type Context, show } from '../context.ts'
import { openDoor } from '../door.ts'
import { plural } from '../format.ts'
import { examples } from '../help.ts'
import type { Run } from '../run.ts'

/** `cairn rm` */
export function declareRm(program: Command, run: Run): void {
  program
    .command('rm')
    .description('remove files of a filesystem')
    .argument('<path...>', '/path in the filesystem home, or NAME:/path')
    .option('-r, --recursive', 'remove directories with all below')
    .addHelpText('after', examples('cairn rm /notes.txt', 'cairn rm -r photos:/2019'))
    .action((paths: readonly string[], options: { recursive?: boolean }) =>
      run(context => rm(context, paths, options.recursive === true)),
    )
}

async function rm(context: Context, paths: readonly string[], recursive: boolean): Promise<void> {
  const places = paths.map(cloudPlace)
  await using client = await openDoor(context)
  let removed = 0
  for (const place of places) {
    removed += (await client.call(fileRemove, { place, recursive }, context.signal)).removed
  }
  for (const filesystem of new Set(places.map(place => place.filesystem))) {
    await client.call(filesystemSync, { filesystem }, context.signal)
  }
  show(context, { removed }, () => `Removed ${plural(removed, 'name')}\n`)
}
