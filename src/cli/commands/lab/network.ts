import type { Command } from 'commander'
import { show } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { act } from './machine.ts'
import { labOption, type NamedLab, numberOf } from './words.ts'

interface CutOptions extends NamedLab {
  readonly from?: string
  readonly oneWay?: boolean
}

interface SlowOptions extends NamedLab {
  readonly latency: string
  readonly loss: string
}

/** `cairn lab cut|slow|heal` */
export function declareLabNetwork(lab: Command, run: Run): void {
  lab
    .command('cut')
    .description('cut a machine off from all others, or from one of them')
    .argument('<machine>', 'm1, m2, …')
    .option('--from <machine>', 'only from this one')
    .option('--one-way', 'only what goes from the machine to the one it is cut off from')
    .addOption(labOption())
    .addHelpText('after', examples('cairn lab cut m2', 'cairn lab cut m2 --from m1 --one-way'))
    .action((machine: string, { name, from, oneWay: isOneWay = false }: CutOptions) =>
      run(context => {
        if (isOneWay && from === undefined) {
          throw cliFault('Usage', '--one-way needs --from', { hint: 'Write: cairn lab cut m2 --from m1 --one-way' })
        }
        if (from === machine) {
          throw cliFault('Usage', `${machine} cannot be cut off from itself`, {
            hint: 'Write: cairn lab cut m2 --from m1',
          })
        }
        return act(context, { lab: name, machine }, { kind: 'cut', from, isOneWay })
      }),
    )
  lab
    .command('slow')
    .description('make the way to a machine slow or lossy; without options it is good again')
    .argument('<machine>', 'm1, m2, …')
    .option('--latency <time>', 'how much longer there and back takes: 100ms', '0ms')
    .option('--loss <percent>', 'packets of a hundred that are lost each way', '0')
    .addOption(labOption())
    .addHelpText('after', examples('cairn lab slow m2 --latency 100ms --loss 1', 'cairn lab slow m2'))
    .action((machine: string, { name, latency, loss }: SlowOptions) =>
      run(context => {
        const lossPercent = numberOf('--loss', loss.replace(/%$/, ''))
        if (lossPercent > 100) {
          throw cliFault('Usage', `--loss ${loss}: at most 100 of a hundred are lost`, {
            hint: 'Write --loss 1, for example.',
          })
        }
        return act(context, { lab: name, machine }, { kind: 'slow', latency, lossPercent })
      }),
    )
  lab
    .command('heal')
    .description('undo every cut and full disk; ways are as slow as they were planned')
    .addOption(labOption())
    .addHelpText('after', examples('cairn lab heal'))
    .action(({ name }: NamedLab) =>
      run(async context => {
        await context.host.labs.heal(name, context.signal)
        show(context, { healed: name }, () => `Healed lab ${name}\n`)
      }),
    )
}
