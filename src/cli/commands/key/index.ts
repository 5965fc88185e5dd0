import type { Command } from 'commander'
import { type Context, show } from '../../context.ts'
import { examples } from '../../help.ts'
import { askForText } from '../../local/input.ts'
import type { Run } from '../../run.ts'
import { declareKeyRotate } from './rotate.ts'

/** `cairn key` */
export function declareKey(program: Command, run: Run): void {
  const key = program
    .command('key')
    .description('the master key, without which the secrets of a data folder cannot be read')
    .helpCommand(false)
  key
    .command('phrase')
    .description('show the 24 words that bring the master key back')
    .addHelpText('after', examples('cairn key phrase'))
    .action(() => run(phrase))
  key
    .command('restore')
    .description('write the master key from its 24 words, which are asked for or read from standard input')
    .addHelpText('after', examples('cairn key restore', 'cairn key restore < words.txt'))
    .action(() => run(restore))
  declareKeyRotate(key, run)
}

async function phrase(context: Context): Promise<void> {
  const shown = await context.host.key.show()
  show(context, shown, () => `${shown.phrase}\n`)
}

async function restore(context: Context): Promise<void> {
  const words = await askForText('The 24 words of the recovery phrase: ', context.signal)
  const restored = await context.host.key.restore(words)
  show(context, restored, () => `The master key ${restored.id} is in ${restored.file}.\n`)
}
