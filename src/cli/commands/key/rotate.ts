import type { Command } from 'commander'
import { keyReplaceMaster, keyRotate, type RotationRow } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openControlDoor } from '../../control-door.ts'
import { cliFault } from '../../faults.ts'
import { plural } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'

interface Options {
  readonly master?: boolean
  readonly tokens?: boolean
  readonly now?: boolean
}

/** `cairn key rotate` */
export function declareKeyRotate(key: Command, run: Run): void {
  key
    .command('rotate')
    .description('make a new data key and seal every secret with it, while Cairn goes on')
    .option('--master', 'make a new master key instead, with new words; the words and backups of before stay a pair')
    .option('--tokens', 'make a new key that signs tokens instead; tokens of the one before hold until they expire')
    .option('--now', 'with --tokens, when a key was stolen: no server believes a token signed before, from now on')
    .addHelpText(
      'after',
      examples(
        'cairn key rotate',
        'cairn key rotate --master',
        'cairn key rotate --tokens',
        'cairn key rotate --tokens --now',
      ),
    )
    .action((options: Options) => run(context => rotate(context, options), 'It goes on without you: cairn status'))
}

async function rotate(context: Context, { master = false, tokens = false, now = false }: Options): Promise<void> {
  if (master && tokens) throw cliFault('Usage', '--master and --tokens are two changes', { hint: 'Make one by one.' })
  if (now && !tokens) {
    throw cliFault('Usage', '--now is for tokens', {
      hint: 'Add --tokens: what is sealed is sealed anew step by step.',
    })
  }
  await using client = await openControlDoor(context)
  if (master) {
    const replaced = await client.call(keyReplaceMaster, undefined, context.signal)
    return show(context, replaced, () => masterText(replaced))
  }
  const what = now ? 'tokens-now' : tokens ? 'tokens' : 'data'
  const { terminal } = context
  for await (const { head } of client.download(keyRotate, { what }, context.signal)) {
    if (terminal.isWatched) terminal.err(`\r${progress(head)}\u001b[K`)
  }
  if (terminal.isWatched) terminal.err('\r\u001b[K')
  show(context, { rotated: what }, () => `${ROTATED[what]}\n`)
}

const ROTATED = {
  data: 'A new data key seals everything.',
  tokens: 'A new key signs tokens.',
  'tokens-now': 'A new key signs tokens. Those signed before are refused by every server: programs must get new ones.',
} as const

function progress({ step, done, all, why }: RotationRow): string {
  if (step === 'sealing') return `sealed ${done} of ${plural(all, 'value')}`
  return why === undefined ? 'making the new key known' : `waiting: ${why}`
}

function masterText({ file, phrase, others }: { file: string; phrase: string; others: readonly string[] }): string {
  const servers =
    others.length === 0
      ? ''
      : `These servers have the one before, and do not start again without the new one: ${others.join(', ')}\nThere: move the file away, then \`cairn key restore\`.\n`
  return `A new master key is in ${file}. Write these words down, and keep them elsewhere:\n\n${phrase}\n\n${servers}`
}
