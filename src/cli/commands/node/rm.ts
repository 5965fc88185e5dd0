import type { Command } from 'commander'
import { isFault } from '#base'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { withSteps } from '../../steps.ts'
import { takeOut } from './take-out.ts'

/** `cairn node rm` */
export function declareNodeRm(node: Command, run: Run): void {
  node
    .command('rm')
    .description('as `remove`, for simulated machines only: refuses real ones')
    .argument('<name>', 'made with `cairn node create`')
    .option('--force', 'also while copies are on it that may be nowhere else, or no Cairn runs')
    .addHelpText('after', examples('cairn node rm one', 'cairn node rm one --force'))
    .action((name: string, { force = false }: { readonly force?: boolean }) =>
      run(context => removeSimulated(context, name, force)),
    )
}

/** Takes a simulated machine out of the cloud, and away. Faults: NotFound (it is none), Usage (it holds what may be nowhere else). */
export async function removeSimulated(context: Context, name: string, isForced: boolean): Promise<void> {
  const { host, signal } = context
  await host.simulatedNodes.check(name)
  try {
    await withApi(context, async client => void (await takeOut(context, client, { name, isForced })))
  } catch (error) {
    // It never got in, or there is nothing that it could be taken out of.
    const isNowhere = isFault(error, 'NotFound') || (isForced && isFault(error, 'NotRunning'))
    if (!isNowhere) throw error
  }
  await withSteps(context, tell => {
    tell(`removing ${name}`)
    return host.simulatedNodes.remove(name, { tell, signal })
  })
  show(context, { removed: name }, () => `Removed the machine ${name}\n`)
}
