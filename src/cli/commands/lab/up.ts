import type { Command } from 'commander'
import { type Context, show } from '../../context.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { withSteps } from '../../steps.ts'
import { labOption, numberOf } from './words.ts'
import { machinesTable } from './whole.ts'

interface Options {
  readonly name: string
  readonly machines: string
  readonly memory: string
  readonly cpus: string
  readonly disk: string
  readonly nat?: string
  readonly latency?: string
  readonly zones?: string
  readonly controllers?: string
}

/** `cairn lab up` */
export function declareLabUp(lab: Command, run: Run): void {
  lab
    .command('up')
    .description('make machines m1, m2, … with limits and disks of their own: one cloud')
    .option('--machines <count>', 'how many', '3')
    .option('--memory <size>', 'memory of each', '512M')
    .option('--cpus <count>', 'processors of each, perhaps a part of one', '1')
    .option('--disk <size>', 'disk of each, which takes room as it fills', '2G')
    .option('--nat <numbers>', 'machines behind a NAT of their own: 4,5')
    .option('--latency <ways>', 'how much longer the way to a machine and back takes: 4=40ms,5=1s')
    .option('--zones <zones>', 'the zone of each machine: a,a,b')
    .option('--controllers <count>', 'how many of the first are controllers (else 3 where etcd is installed)')
    .addOption(labOption())
    .addHelpText(
      'after',
      examples(
        'cairn lab up',
        'cairn lab up --machines 5 --memory 512M --disk 2G --nat 4,5 --latency 4=40ms',
        'cairn lab up --machines 3 --controllers 1',
        'cairn lab up --name other --machines 3 --zones a,a,b',
      ),
    )
    .action((options: Options) => run(context => up(context, options), 'What was made is gone again.'))
}

async function up(context: Context, options: Options): Promise<void> {
  const words = {
    ...options,
    machines: numberOf('--machines', options.machines),
    cpus: numberOf('--cpus', options.cpus),
    controllers: options.controllers === undefined ? undefined : numberOf('--controllers', options.controllers),
  }
  const rows = await withSteps(context, tell => context.host.labs.up(words, tell, context.signal))
  const name = words.name === 'lab' ? '' : ` --name ${words.name}`
  const next = `\nTry:\n  cairn lab exec${name} m1 -- cairn status\n  cairn lab down${name}\n`
  show(context, rows, () => machinesTable(rows) + next)
}
