import type { Command } from 'commander'
import { filesystemCreate } from '#rpc'
import { byApi } from '../../api/by-api.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { examples } from '../../help.ts'
import { refuseOnNode } from '../../on-controller.ts'
import type { Run } from '../../run.ts'

/** `cairn fs create` */
export function declareCreate(fs: Command, run: Run): void {
  fs.command('create')
    .description('make an empty filesystem')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .addHelpText('after', examples('cairn fs create photos', 'cairn fs mount photos /mnt/photos'))
    .action((name: string) =>
      run(async context => {
        await create(context, name)
        show(context, { created: name }, () => `Made filesystem ${name}\n`)
      }),
    )
}

// By the API, as everything that is wanted; storage makes it all the same while the control plane is away.
async function create(context: Context, name: string): Promise<void> {
  const made = await byApi(context, AWAY, async client => {
    const { makeFilesystem } = await import('../../api/make-filesystem.ts')
    await makeFilesystem(client, name, context.signal)
    return {}
  })
  if (made !== undefined) return
  await refuseOnNode(context)
  await using door = await openDoor(context)
  await door.call(filesystemCreate, { filesystem: name }, context.signal)
}

const AWAY = 'storage makes the filesystem; its object appears when it does again'
