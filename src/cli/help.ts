import { InvalidArgumentError } from 'commander'

/** The examples below a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map(line => `  ${line}\n`).join('')}`
}

/** A folder as the value of an option; refuses the empty word, which would mean the working folder. */
export function folderWord(word: string): string {
  if (word !== '') return word
  throw new InvalidArgumentError('It must name a folder.')
}
