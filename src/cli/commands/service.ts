import type { Command } from 'commander'
import { type Context, dataFolder, show } from '../context.ts'
import { examples } from '../help.ts'
import { installService, removeService } from '../local/service/install.ts'
import { type ServicePlan, servicePlan } from '../local/service/plan.ts'
import { serviceSurroundings } from '../local/service/surroundings.ts'
import type { Run } from '../run.ts'

interface Options {
  readonly dryRun?: boolean
}

/** `cairn service` */
export function declareService(program: Command, run: Run): void {
  const service = program.command('service').description('start Cairn whenever this machine starts').helpCommand(false)
  service
    .command('install')
    .description('let systemd or OpenRC run Cairn from now on, also after a restart of the machine')
    .option('--dry-run', 'print what would be written and done')
    .addHelpText('after', examples('cairn service install', 'cairn service install --dry-run'))
    .action((options: Options) => run(context => install(context, options)))
  service
    .command('remove')
    .description('end that, and stop the Cairn that was started so; data stays')
    .option('--dry-run', 'print what would be removed and done')
    .action((options: Options) => run(context => remove(context, options)))
}

async function install(context: Context, { dryRun: isDry = false }: Options): Promise<void> {
  const plan = planOf(context)
  if (isDry) return show(context, plan, () => dryText(plan, 'install'))
  await installService(plan, context.signal)
  show(context, { installed: plan.file }, () => `Wrote ${plan.file}, and started it.\n${hintsText(plan)}`)
}

async function remove(context: Context, { dryRun: isDry = false }: Options): Promise<void> {
  const plan = planOf(context)
  if (isDry) return show(context, plan, () => dryText(plan, 'remove'))
  await removeService(plan, context.signal)
  show(context, { removed: plan.file }, () => `Removed ${plan.file}. The data in ${dataFolder(context)} stays.\n`)
}

function planOf(context: Context): ServicePlan {
  return servicePlan(serviceSurroundings(dataFolder(context), context.around))
}

function dryText(plan: ServicePlan, verb: 'install' | 'remove'): string {
  const steps = verb === 'install' ? [...plan.reload, ...plan.install] : [...plan.remove, ...plan.reload]
  const commands = steps.map(words => `  ${words.join(' ')}\n`).join('')
  const file = verb === 'install' ? `# ${plan.file}\n${plan.content}\n` : `# ${plan.file} would be removed\n`
  return `${file}# commands\n${commands}${verb === 'install' ? hintsText(plan) : ''}`
}

function hintsText({ look, hints }: ServicePlan): string {
  const lines = [...look.map(words => `See: ${words}`), ...hints]
  return lines.map(line => `${line}\n`).join('')
}
