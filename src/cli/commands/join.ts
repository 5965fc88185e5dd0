import type { Command } from 'commander'
import { type Context, dataFolder, show } from '../context.ts'
import { examples, folderWord, listenWord } from '../help.ts'
import type { Run } from '../run.ts'

interface JoinOptions {
  readonly name?: string
  readonly mount?: string | boolean
  readonly peerListen?: string
  readonly start: boolean
}

/** `cairn join` */
export function declareJoin(program: Command, run: Run): void {
  program
    .command('join')
    .description('make this machine a member of a cloud, and run Cairn as `cairn up` does')
    .argument(
      '<token>',
      'what `cairn token create --role node` shows on a controller of the cloud; good for five minutes',
    )
    .option('--name <name>', 'what this machine is called in the cloud (else its host name)')
    .option('--mount <folder>', 'where home is mounted, from now on', folderWord)
    .option('--no-mount', 'mount nothing this time')
    .option('--peer-listen <address>', 'where other machines are listened for, as with `cairn up`', listenWord)
    .option('--no-start', 'only join: `cairn up` runs it later')
    .addHelpText('after', examples('cairn join TOKEN', 'cairn join TOKEN --name attic --no-mount'))
    .action((token: string, options: JoinOptions) => run(context => join(context, token, options)))
}

async function join(context: Context, token: string, { name, mount, peerListen, start }: JoinOptions): Promise<void> {
  const { host, common, terminal } = context
  const joined = await host.join({ token, dataFolder: dataFolder(context), name })
  const text = `This machine is ${joined.name}, a ${joined.role} of the cloud ${joined.shortCloud}.\n`
  if (!start) return show(context, joined, () => `${text}Start it with \`cairn up\`.\n`)
  if (common.output === 'table') terminal.out(text)
  await host.up({
    data: common.data,
    mount: mount === true ? undefined : mount,
    requiresClientCertificate: false,
    ...(peerListen === undefined ? {} : { peerListen }),
    isJson: common.output === 'json',
  })
}
