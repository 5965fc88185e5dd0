import type { Command } from 'commander'
import { type Context, show } from '../../context.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { LabRow } from '../../labs.ts'
import type { Run } from '../../run.ts'
import { withSteps } from '../../steps.ts'
import { table } from '../../table.ts'
import { troubleText } from './trouble.ts'
import { labOption, type NamedLab } from './words.ts'

/** `cairn lab ls` */
export function declareLabLs(lab: Command, run: Run): void {
  lab
    .command('ls')
    .description('list the machines of all labs, and what was done to them')
    .addHelpText('after', examples('cairn lab ls', 'cairn lab ls -o json'))
    .action(() =>
      run(async context => {
        const rows = await context.host.labs.list(context.signal)
        show(context, rows, () => machinesTable(rows))
      }),
    )
}

/** `cairn lab exec` */
export function declareLabExec(lab: Command, run: Run): void {
  lab
    .command('exec')
    .description('run something in a machine; its exit code is that of the command')
    .argument('<machine>', 'm1, m2, …')
    .argument('<words...>', 'the command, after --')
    .addOption(labOption())
    .addHelpText('after', examples('cairn lab exec m2 -- cairn status', 'cairn lab exec m2 -- sh'))
    .action((machine: string, words: readonly string[], { name }: NamedLab) =>
      run(async context => context.end(await context.host.labs.exec({ lab: name, machine }, words, context.signal))),
    )
}

/** `cairn lab down` */
export function declareLabDown(lab: Command, run: Run): void {
  lab
    .command('down')
    .description('end all machines of a lab, and remove all that was made for it')
    .addOption(labOption())
    .addHelpText('after', examples('cairn lab down', 'cairn lab down --name other'))
    .action(({ name }: NamedLab) => run(context => down(context, name), 'Run the same command again.'))
}

async function down(context: Context, name: string): Promise<void> {
  await withSteps(context, tell => {
    tell(`removing lab ${name}`)
    return context.host.labs.down(name, context.signal)
  })
  show(context, { removed: name }, () => `Removed lab ${name}\n`)
}

/** Machines of labs as people read them. */
export function machinesTable(rows: readonly LabRow[]): string {
  const lines = rows.map(row => [
    row.lab,
    row.name,
    row.state,
    row.isBehindNat ? `${row.address} (NAT)` : row.address,
    row.zone,
    row.latencyMs === 0 ? '' : `${row.latencyMs} ms`,
    formatBytes(row.memoryBytes),
    formatBytes(row.diskBytes),
    troubleText(row, rows),
  ])
  return table(COLUMNS, lines)
}

const COLUMNS = ['LAB', 'MACHINE', 'STATE', 'ADDRESS', 'ZONE', 'LATENCY', 'MEMORY', 'DISK', 'TROUBLE'].map(title => ({
  title,
}))
