import type { Command } from 'commander'
import { show } from '../../context.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { withSteps } from '../../steps.ts'

/** `cairn node stop` and `cairn node start` */
export function declareNodeStopAndStart(node: Command, run: Run): void {
  node
    .command('stop')
    .description('end a simulated machine at once, as when its power is cut; its disk stays')
    .argument('<name>', 'made with `cairn node create`')
    .addHelpText('after', examples('cairn node stop one'))
    .action((name: string) =>
      run(async context => {
        const { host, signal } = context
        await withSteps(context, tell => host.simulatedNodes.stop(name, { tell, signal }))
        show(context, { stopped: name }, () => `Stopped the machine ${name}\n`)
      }),
    )
  node
    .command('start')
    .description('start a simulated machine again')
    .argument('<name>', 'made with `cairn node create`')
    .addHelpText('after', examples('cairn node start one'))
    .action((name: string) =>
      run(async context => {
        const { host, signal } = context
        await withSteps(context, tell => host.simulatedNodes.start(name, { tell, signal }))
        show(context, { started: name }, () => `Started the machine ${name}\n`)
      }),
    )
}
