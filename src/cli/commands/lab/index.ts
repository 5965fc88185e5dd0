import type { Command } from 'commander'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { declareLabDown, declareLabExec, declareLabLs } from './whole.ts'
import { declareLabMachine } from './machine.ts'
import { declareLabNetwork } from './network.ts'
import { declareLabUp } from './up.ts'

/** `cairn lab` */
export function declareLab(program: Command, run: Run): void {
  const lab = program
    .command('lab')
    .description('simulated machines to try things with, and to break (needs root and podman)')
    .helpCommand(false)
    .addHelpText(
      'after',
      examples('cairn lab up --machines 3', 'cairn lab exec m2 -- cairn status', 'cairn lab kill m1', 'cairn lab down'),
    )
  const whole = [declareLabUp, declareLabLs, declareLabExec, declareLabDown]
  for (const declare of [...whole, declareLabMachine, declareLabNetwork]) declare(lab, run)
}
