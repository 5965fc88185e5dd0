import type { Command } from 'commander'
import { type Context, show } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { LabDeed, LabPlace } from '../../labs.ts'
import type { Run } from '../../run.ts'
import { withSteps } from '../../steps.ts'
import { labOption, type NamedLab, numberOf } from './words.ts'

const SIMPLE = [
  ['kill', 'end a machine at once, as when its power is cut; its disk stays'],
  ['start', 'start a machine again; one with an empty disk joins the cloud of the others'],
  ['wipe', 'kill a machine and make its disk empty'],
  ['fill-disk', 'fill the disk of a machine that runs to the last block, until `cairn lab heal`'],
] as const

/** `cairn lab kill|start|wipe|fill-disk|corrupt` */
export function declareLabMachine(lab: Command, run: Run): void {
  for (const [kind, description] of SIMPLE) {
    lab
      .command(kind)
      .description(description)
      .argument('<machine>', 'm1, m2, …')
      .addOption(labOption())
      .addHelpText('after', examples(`cairn lab ${kind} m2`))
      .action((machine: string, { name }: NamedLab) => run(context => act(context, { lab: name, machine }, { kind })))
  }
  lab
    .command('corrupt')
    .description('flip bytes in the chunks of a machine, whether it runs or not, as a disk does that rots')
    .argument('<machine>', 'm1, m2, …')
    .option('--count <bytes>', 'how many bytes, spread over all chunks', '16')
    .addOption(labOption())
    .addHelpText('after', examples('cairn lab corrupt m2', 'cairn lab corrupt m2 --count 1000'))
    .action((machine: string, { name, count }: NamedLab & { readonly count: string }) =>
      run(context => act(context, { lab: name, machine }, { kind: 'corrupt', count: wholeOf(count) })),
    )
}

function wholeOf(word: string): number {
  const count = numberOf('--count', word)
  if (Number.isInteger(count) && count > 0 && count <= 1_000_000) return count
  throw cliFault('Usage', `--count: ${word} is not 1 to 1000000`, { hint: 'Write --count 16, for example.' })
}

/** Does something to a machine, and says so. */
export async function act(context: Context, place: LabPlace, deed: LabDeed): Promise<void> {
  const { host, signal } = context
  const done = await withSteps(context, tell => host.labs.act(place, deed, { tell, signal }))
  show(context, { ...place, done: deed.kind }, () => `${done}\n`)
}
