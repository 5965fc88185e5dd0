import type { Command } from 'commander'
import { isFault } from '#base'
import { filesystemCreate } from '#rpc'
import { type Context, show } from '../../context.ts'
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
        await create(context, name)
        show(context, { created: name }, () => `Made filesystem ${name}\n`)
      }),
    )
}

// By the API, as everything that is wanted; storage makes it all the same while the control plane is away.
async function create(context: Context, name: string): Promise<void> {
  // Loaded only here: other commands do without a client of the API.
  const { openApi } = await import('../../api/client.ts')
  await using api = openApi(context)
  if (api !== undefined) {
    const { makeFilesystem } = await import('../../api/make-filesystem.ts')
    try {
      return await makeFilesystem(api.client, name, context.signal)
    } catch (error) {
      if (!isFault(error, 'Unreachable')) throw error
    }
  }
  await using door = await openDoor(context)
  await door.call(filesystemCreate, { filesystem: name }, context.signal)
  if (api !== undefined) context.terminal.err(`note: ${AWAY}\n`)
}

const AWAY = 'the control plane does not answer: storage made the filesystem; its object appears when it does again'
