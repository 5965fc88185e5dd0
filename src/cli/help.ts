import { type Command, InvalidArgumentError } from 'commander'
import { listenAddressOf } from '#rpc'

/** The examples below a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map(line => `  ${line}\n`).join('')}`
}

/** What an interrupted command says that goes on where it stopped when it is run again. */
export const RESUMES = 'Run the same command again: it goes on where it stopped.'

/** A folder as the value of an option; refuses the empty word, which would mean the working folder. */
export function folderWord(word: string): string {
  if (word !== '') return word
  throw new InvalidArgumentError('It must name a folder.')
}

/** An address to listen on as the value of an option. */
export function listenWord(word: string): string {
  if (word === 'none' || listenAddressOf(word) !== undefined) return word
  throw new InvalidArgumentError('It must be HOST, HOST:PORT, [IPV6]:PORT or none.')
}

/** Ends a command that was given an empty word, such as an unset variable in quotes: it would mean the working folder. */
export function refuseEmptyWords(command: Command): void {
  const at = command.args.indexOf('')
  if (at === -1) return
  const field = command.registeredArguments[at] ?? command.registeredArguments.at(-1)
  command.error(`error: the argument ${field?.name() ?? at + 1} is an empty word`)
}
