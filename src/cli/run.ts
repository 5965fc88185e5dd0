import { Command, CommanderError, Option } from 'commander'
import { type Fault, isFault } from '#base'
import { declareCert } from './commands/cert.ts'
import { declareDevice } from './commands/device/index.ts'
import { declareDisk } from './commands/disk/index.ts'
import { declareDoctor } from './commands/doctor.ts'
import { declareDown } from './commands/down.ts'
import { declareFs } from './commands/fs/index.ts'
import { declareGet } from './commands/get.ts'
import { declareJoin } from './commands/join.ts'
import { declareKey } from './commands/key/index.ts'
import { declareKeyspace } from './commands/keyspace/index.ts'
import { declareKubeconfig } from './commands/kubeconfig.ts'
import { declareLab } from './commands/lab/index.ts'
import { declareLs } from './commands/ls.ts'
import { declareMesh } from './commands/mesh.ts'
import { declareNode } from './commands/node/index.ts'
import { declarePut } from './commands/put.ts'
import { declareRm } from './commands/rm.ts'
import { declareService } from './commands/service.ts'
import { declareStatus } from './commands/status.ts'
import { declareToken } from './commands/token/index.ts'
import { declareUp } from './commands/up.ts'
import { declareVersion } from './commands/version.ts'
import type { CliHost, CommonOptions, Context } from './context.ts'
import { examples, folderWord, refuseEmptyWords } from './help.ts'
import { abortOnInterrupt, processTerminal, surroundings, type Terminal } from './local/terminal.ts'
import { printable, shortened } from './table.ts'

/**
 * Runs one command with the program's context; its faults become the message and the exit code. `remedy` is what to do
 * when it was interrupted.
 */
export type Run = (command: (context: Context) => Promise<void>, remedy?: string) => Promise<void>

/** Exit codes: done, failed, words that cannot be meant; and as shells have them, of a command in a machine, and by a signal. */
const EXIT = { done: 0, failed: 1, usage: 2, noCommand: 127, interrupted: 130 } as const

/** Runs the `cairn` command with its words; answers the exit code. Errors are told on standard error, never thrown. */
export async function runCli(
  words: readonly string[],
  host: CliHost,
  terminal: Terminal = processTerminal,
): Promise<number> {
  let code: number = EXIT.done
  const program = declareProgram(terminal, async (command, remedy) => {
    code = await runCommand(command, { host, terminal, common: program.opts<CommonOptions>(), remedy })
  })
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}

/** The whole command line: every command and option is declared once, here or in its file. */
export function declareProgram(terminal: Terminal, run: Run): Command {
  const program = new Command('cairn')
    .description('The machines you already own become one private cloud.')
    .option(
      '--data <folder>',
      'data folder (CAIRN_DATA; else /var/lib/cairn as root, ~/.local/share/cairn)',
      folderWord,
    )
    .addOption(
      new Option('-o, --output <format>', 'how results are printed').choices(['table', 'json']).default('table'),
    )
    .addHelpText('after', examples('cairn up', 'cairn put ~/Documents /', 'cairn ls -l /Documents', 'cairn doctor'))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('hint: add --help to see what is understood')
    .configureOutput({ writeOut: text => terminal.out(text), writeErr: text => terminal.err(text) })
    .exitOverride()
    .hook('preAction', (_program, command) => refuseEmptyWords(command))
  const commands = [declareUp, declareJoin, declareDown, declareStatus, declareDoctor, declareVersion, declareFs]
  const files = [declarePut, declareGet, declareLs, declareRm]
  const access = [declareKubeconfig, declareToken, declareDevice, declareCert, declareKey, declareKeyspace]
  const machines = [declareNode, declareDisk, declareMesh, declareService, declareLab]
  for (const declare of [...commands, ...files, ...access, ...machines]) declare(program, run)
  return program
}

interface Given {
  readonly host: CliHost
  readonly terminal: Terminal
  readonly common: CommonOptions
  readonly remedy: string | undefined
}

async function runCommand(command: (context: Context) => Promise<void>, given: Given): Promise<number> {
  using signal = abortOnInterrupt()
  let code: number = EXIT.done
  const end = (own: number): void => void (code = own)
  try {
    await command({ ...given, around: surroundings(), signal, end })
    return code
  } catch (error) {
    if (signal.aborted) {
      const { terminal, remedy } = given
      terminal.err(remedy === undefined ? 'interrupted\n' : `interrupted\nhint: ${remedy}\n`)
      return EXIT.interrupted
    }
    return tell(error, given)
  }
}

const BUG = 'This is a bug of Cairn. Please report it with the lines above and what `cairn up` printed.'

// For faults that say no better.
const FALLBACK_HINTS: Readonly<Record<Fault['retry'], string>> = {
  never: 'Check the words of the command with --help, and this machine with `cairn doctor`.',
  later: 'Try again; `cairn doctor` tells what is wrong when it goes on.',
  reread: 'Look at what is there now, then try again.',
}

function tell(error: unknown, { terminal, common }: Given): number {
  if (!isFault(error)) {
    terminal.err(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    terminal.err(`hint: ${BUG}\n`)
    return EXIT.failed
  }
  const { code, message, hint = code === 'Internal' ? BUG : FALLBACK_HINTS[error.retry] } = error
  if (common.output === 'json') terminal.err(`${JSON.stringify({ error: { code, message, hint } })}\n`)
  else terminal.err(`error: ${shortened(message).split('\n').map(printable).join('\n')}\nhint: ${printable(hint)}\n`)
  return EXIT_OF[error.code] ?? EXIT.failed
}

const EXIT_OF: Readonly<Record<string, number>> = { Usage: EXIT.usage, NoCommand: EXIT.noCommand }
