import type { Command } from 'commander'
import { type Context, dataFolder, type JoinedMachine, show } from '../context.ts'
import { cliFault } from '../faults.ts'
import { examples, folderWord, listenWord } from '../help.ts'
import { joinFoundCloud } from '../join-found.ts'
import { askForText } from '../local/input.ts'
import { absoluteLocal } from '../local/paths.ts'
import { readLocalText } from '../local/text-file.ts'
import type { Run } from '../run.ts'

interface JoinOptions {
  readonly tokenFile?: string
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
      '[token]',
      'what `cairn token create --role node` shows on a controller of the cloud; good for five minutes; - reads it; without one clouds are looked for on this network',
    )
    .option('--token-file <file>', 'read the token from a file: others see the words of a command')
    .option('--name <name>', 'what this machine is called in the cloud (else its host name)')
    .option('--mount <folder>', 'where home is mounted, from now on', folderWord)
    .option('--no-mount', 'mount nothing this time')
    .option('--peer-listen <address>', 'where other machines are listened for, as with `cairn up`', listenWord)
    .option('--no-start', 'only join: `cairn up` runs it later')
    .addHelpText(
      'after',
      examples('cairn join', 'cairn join -', 'cairn join --token-file token --name attic --no-mount'),
    )
    .action((token: string | undefined, options: JoinOptions) =>
      run(context => join(context, token, options), 'The same token is good for another try.'),
    )
}

async function join(context: Context, word: string | undefined, options: JoinOptions): Promise<void> {
  const { name, mount, peerListen, start } = options
  const { host, common, terminal } = context
  const token = await tokenOf(context, word, options)
  const joined =
    token === undefined
      ? await joinFoundCloud(context, name)
      : await host.join({ token, dataFolder: dataFolder(context), name })
  if (joined.moved?.isRunning === true) return show(context, joined, () => movedText(joined))
  const standing = joined.control === undefined ? '' : `${joined.control}\n`
  const text =
    joined.moved !== undefined
      ? movedText(joined)
      : `This machine is ${joined.name}, a ${joined.role} of the cloud ${joined.shortCloud}.\n${standing}`
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

async function tokenOf(context: Context, word: string | undefined, { tokenFile }: JoinOptions) {
  if (word !== undefined && tokenFile !== undefined) {
    throw cliFault('Usage', 'a token and --token-file: one of the two is meant')
  }
  if (tokenFile !== undefined) return readLocalText(absoluteLocal(tokenFile), TOKEN_HINT).trim()
  if (word === '-') return (await askForText('Token: ', context.signal)).trim()
  return word
}

const TOKEN_HINT = 'On a controller of the cloud: cairn token create --role node'

function movedText({ name, role, shortCloud, moved }: JoinedMachine): string {
  const where = moved?.addresses.join(', ') ?? ''
  return `This machine is ${name} already, a ${role} of the cloud ${shortCloud}.\nFrom now on it looks for controllers at ${where} too; the token was not used.\n`
}
