import type { Command } from 'commander'
import { withApi } from '../../api/with-api.ts'
import { type Context, show } from '../../context.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable } from '../../table.ts'
import { removeSimulated } from './rm.ts'
import { takeOut } from './take-out.ts'

/** `cairn node remove` */
export function declareNodeRemove(node: Command, run: Run): void {
  node
    .command('remove')
    .description(
      'take a machine out of the cloud for good: nobody lets it in any more; a simulated one goes with its disk',
    )
    .argument('<name>', 'a machine, as `cairn node ls` shows it')
    .option('--force', 'also when it is lost, with what is nowhere else: that is told')
    .addHelpText('after', examples('cairn node remove attic', 'cairn node remove burnt-down --force'))
    .action((name: string, { force = false }: { readonly force?: boolean }) =>
      run(async context => {
        if (await context.host.simulatedNodes.has(name)) await removeSimulated(context, name, force)
        else await removeReal(context, name, force)
      }),
    )
}

async function removeReal(context: Context, name: string, isForced: boolean): Promise<void> {
  await withApi(context, async client => {
    const { held, lost } = await takeOut(context, client, { name, isForced })
    const fewer =
      held === undefined || held.chunks === 0
        ? ''
        : '; copies that went with it are being made again: see `cairn status`'
    const said = lost === undefined ? `All it held has copies elsewhere${fewer}.` : printable(lost.sentence)
    const value = {
      removed: name,
      ...(held === undefined ? {} : { chunks: held.chunks, bytes: held.bytes }),
      lost: lost ?? null,
    }
    show(context, value, () => `Removed the machine ${name}: its certificate is refused from now on. ${said}\n`)
  })
}
