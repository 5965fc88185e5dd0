import type { Command } from 'commander'
import type { FillingRow } from '#rpc'
import { type Context, dataFolder, show } from '../../context.ts'
import { plural } from '../../format.ts'
import { examples } from '../../help.ts'
import { absoluteLocal } from '../../local/paths.ts'
import type { Run } from '../../run.ts'
import { type KeyspaceFiles, withKeyspaceFiles, wordsOf } from './words.ts'

/** `cairn keyspace` */
export function declareKeyspace(program: Command, run: Run): void {
  const keyspace = program
    .command('keyspace')
    .description('save, bring back and move the objects of the control plane')
    .helpCommand(false)
  keyspace
    .command('backup <file>')
    .description('write everything to a file, as of one moment, while Cairn goes on')
    .option('--force', 'overwrite the file')
    .addHelpText('after', examples('cairn keyspace backup cloud.backup'))
    .action((file: string, { force = false }: Forced) => run(context => backup(context, file, force)))
  keyspace
    .command('restore <file>')
    .description('put back what a backup has, also while Cairn runs: its control plane starts anew')
    .option('--force', 'remove what is there first')
    .addHelpText(
      'after',
      examples('cairn keyspace restore cloud.backup', 'cairn keyspace restore cloud.backup --force'),
    )
    .action((file: string, { force = false }: Forced) => run(context => restore(context, file, force), CUT_OFF))
  const migrate = keyspace
    .command('migrate')
    .description('move to another keyspace while Cairn goes on; other servers on the same one must have ended')
    .requiredOption('--to <keyspace>', 'embedded, or etcd=https://HOST:PORT[,...]')
  withKeyspaceFiles(migrate)
    .option('--force', 'remove what is there first')
    .addHelpText(
      'after',
      examples(
        'cairn keyspace migrate --to etcd=https://10.0.0.1:2379 --keyspace-ca ca.pem',
        'cairn keyspace migrate --to embedded',
      ),
    )
    .action((options: Forced & KeyspaceFiles & { readonly to: string }) =>
      run(context => move(context, options), CUT_OFF),
    )
  keyspace
    .command('recover')
    .description(
      'go on with what this controller has, when most of the others are lost for good; Cairn must have ended here',
    )
    .option('--force', 'the others never come back with what they had')
    .addHelpText('after', examples('cairn keyspace recover --force'))
    .action(({ force = false }: Forced) => run(context => recover(context, force)))
}

interface Forced {
  readonly force?: boolean
}

const REVOKED_SINCE =
  'Credentials revoked since that backup hold again: revoke them anew (cairn cert ls, cairn token ls).\n'
const CUT_OFF = 'What was being filled is not whole: run the same command again with --force.'

async function backup(context: Context, word: string, isForced: boolean): Promise<void> {
  const file = absoluteLocal(word)
  const tell = told(context)
  const given = { dataFolder: dataFolder(context), file, isForced }
  const { entries, leased } = await context.host.keyspace
    .backup(given, ({ entries: done, entriesAll: all }) => tell({ step: 'copying', done, all }), context.signal)
    .finally(tell.end)
  const rest = leased === 0 ? '' : `; left out ${plural(leased, 'key')} that end by themselves`
  show(context, { file, entries, leased }, () => `Saved ${plural(entries, 'key')} to ${file}${rest}\n`)
}

async function restore(context: Context, word: string, isForced: boolean): Promise<void> {
  const file = absoluteLocal(word)
  const tell = told(context)
  const given = { dataFolder: dataFolder(context), file, isForced }
  const entries = await context.host.keyspace.restore(given, tell, context.signal).finally(tell.end)
  show(context, { file, entries }, () => `Restored ${plural(entries, 'key')} from ${file}\n${REVOKED_SINCE}`)
}

async function move(
  context: Context,
  { to, force: isForced = false, ...files }: Forced & KeyspaceFiles & { readonly to: string },
): Promise<void> {
  const tell = told(context)
  const given = { dataFolder: dataFolder(context), to: wordsOf(to, files), isForced }
  const entries = await context.host.keyspace.migrate(given, tell, context.signal).finally(tell.end)
  show(context, { to, entries }, () => `Moved ${plural(entries, 'key')} to ${to}\n`)
}

async function recover(context: Context, isForced: boolean): Promise<void> {
  const given = { dataFolder: dataFolder(context), isForced }
  const { lost, keys } = await context.host.keyspace.recover(given, context.signal)
  const gone = lost.map(name => `  cairn node remove ${name} --force\n`).join('')
  const then = gone === '' ? '' : `Then take the machines out that are lost:\n${gone}`
  const said = `The control plane is on this machine alone, with ${plural(keys, 'key')}. Start Cairn: cairn up\n${then}`
  show(context, { keys, lost }, () => said)
}

interface Telling {
  (row: FillingRow): void
  end(): void
}

// Progress on standard error while a person watches it.
function told({ terminal }: Context): Telling {
  const line = ({ step, done, all }: FillingRow): string => {
    if (step === 'raising') return `raising the revision, ${all} to go`
    return `${step === 'checking' ? 'checked' : 'copied'} ${done} of ${plural(all, 'key')}`
  }
  const tell = (row: FillingRow): void => {
    if (terminal.isWatched) terminal.err(`\r${line(row)}\u001b[K`)
  }
  const end = (): void => {
    if (terminal.isWatched) terminal.err('\r\u001b[K')
  }
  return Object.assign(tell, { end })
}
