import type { Command } from 'commander'
import { type FilesystemRow, filesystemPromote, nodeStatus } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import { LastingDoor } from '../../lasting-door.ts'
import { PROMOTED_MS_MAX, RECONNECT_PAUSE_MS } from '../../limits.ts'
import type { Run } from '../../run.ts'

/** `cairn fs promote` */
export function declarePromote(fs: Command, run: Run): void {
  fs.command('promote')
    .description('make this machine the home of a filesystem, whose log it has')
    .argument('<name>', 'a filesystem')
    .option(
      '--force',
      'ask no controller: the machine it lived on is off, and what it did not ship becomes a snapshot; also where not all is, ' +
        'when no machine that has all answers: what was acknowledged later may be lost',
    )
    .addHelpText('after', examples('cairn fs promote home', 'cairn fs promote home --force'))
    .action((name: string, { force = false }: { readonly force?: boolean }) =>
      run(context => promote(context, name, force)),
    )
}

async function promote(context: Context, filesystem: string, isForced: boolean): Promise<void> {
  const told = await asked(context, { filesystem, isForced })
  await using door = new LastingDoor(context)
  await served(context, door, filesystem, told.home)
  const { home, before, epoch, endsIn } = told
  const from = before === home ? '' : `; it was ${before}`
  const lost =
    endsIn === undefined ? '' : `What was acknowledged after the log here ends, in epoch ${endsIn}, may be lost.\n`
  show(context, { filesystem, ...told }, () => `${filesystem} lives on ${home} now, in epoch ${epoch}${from}\n${lost}`)
}

// Once: who asks again for what is forced gets another epoch.
async function asked(context: Context, params: { readonly filesystem: string; readonly isForced: boolean }) {
  await using client = await openDoor(context)
  return await client.call(filesystemPromote, params, context.signal)
}

// The storage process that is the home replaces the one that answered.
async function served({ host, signal }: Context, door: LastingDoor, filesystem: string, home: string): Promise<void> {
  const endMs = host.clock.monotonicMs() + PROMOTED_MS_MAX
  for (;;) {
    const { filesystems } = await door.run(client => client.call(nodeStatus, undefined, signal))
    if (filesystems.some((row: FilesystemRow) => row.name === filesystem && row.home === home && row.metadataBytes > 0))
      return
    if (host.clock.monotonicMs() > endMs) {
      throw cliFault('Local', `${filesystem} is not served here yet`, {
        hint: 'See `cairn status` and what `cairn up` prints.',
      })
    }
    await host.clock.sleep(RECONNECT_PAUSE_MS, signal)
  }
}
