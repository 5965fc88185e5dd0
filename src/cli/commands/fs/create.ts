import type { Command } from 'commander'
import { filesystemCreate } from '#rpc'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'

/** `cairn fs create` */
export function declareCreate(fs: Command, run: Run): void {
  fs.command('create')
    .description('make an empty filesystem')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .addHelpText('after', examples('cairn fs create photos', 'cairn fs mount photos /mnt/photos'))
    .action((name: string) =>
      run(async context => {
        await using client = await openDoor(context)
        await client.call(filesystemCreate, { filesystem: name }, context.signal)
        show(context, { created: name }, () => `Made filesystem ${name}\n`)
      }),
    )
}
