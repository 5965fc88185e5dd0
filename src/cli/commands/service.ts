import { Command, CommanderError } from 'commander'
import { type Context, dataFolder, show } from '../context.ts'
import { cliFault } from '../faults.ts'
import { examples } from '../help.ts'
import { installService, removeService } from '../local/service/install.ts'
import { type ServicePlan, servicePlan } from '../local/service/plan.ts'
import { serviceSurroundings } from '../local/service/surroundings.ts'
import type { Run } from '../run.ts'
import { declareUp } from './up.ts'

interface Options {
  readonly dryRun?: boolean
}

/** `cairn service` */
export function declareService(program: Command, run: Run): void {
  const service = program.command('service').description('start Cairn whenever this machine starts').helpCommand(false)
  service
    .command('install')
    .description('let systemd or OpenRC run Cairn from now on, also after a restart of the machine')
    .argument('[options...]', 'behind --: options of `cairn up` that it is started with')
    .option('--dry-run', 'print what would be written and done')
    .addHelpText(
      'after',
      examples('cairn service install', 'cairn service install --dry-run', 'cairn service install -- --no-discovery'),
    )
    .action((words: readonly string[], options: Options) => run(context => install(context, words, options)))
  service
    .command('remove')
    .description('end that, and stop the Cairn that was started so; data stays')
    .option('--dry-run', 'print what would be removed and done')
    .action((options: Options) => run(context => remove(context, options)))
}

async function install(context: Context, words: readonly string[], { dryRun: isDry = false }: Options) {
  refuseUpWords(words)
  const plan = planOf(context, words)
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

// They are told now what is wrong with them, not when the machine starts.
function refuseUpWords(words: readonly string[]): void {
  const said: string[] = []
  const program = new Command().exitOverride().configureOutput({ writeErr: text => void said.push(text) })
  declareUp(program, async () => undefined)
  try {
    program.parse(['up', ...words], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    throw cliFault(
      'Usage',
      said
        .join('')
        .trim()
        .replace(/^error: /, ''),
      { hint: 'See cairn up --help.' },
    )
  }
}

function planOf(context: Context, options: readonly string[] = []): ServicePlan {
  return servicePlan(serviceSurroundings({ dataFolder: dataFolder(context), options }, context.around))
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
