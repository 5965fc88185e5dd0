import type { Command } from 'commander'
import { filesystemMount, nodeStatus } from '#rpc'
import { type Context, show } from '../../context.ts'
import { LastingDoor } from '../../lasting-door.ts'
import { cliFault } from '../../faults.ts'
import { examples } from '../../help.ts'
import { RECONNECT_MS_MAX, RECONNECT_PAUSE_MS } from '../../limits.ts'
import { absoluteLocal } from '../../local/paths.ts'
import type { Run } from '../../run.ts'

/** `cairn fs mount` */
export function declareMount(fs: Command, run: Run): void {
  fs.command('mount')
    .description('mount a filesystem at a folder, now and at every start; each has one mount')
    .argument('<name>', 'a filesystem')
    .argument('<folder>', 'an empty or new folder')
    .addHelpText('after', examples('cairn fs mount photos /mnt/photos'))
    .action((name: string, folder: string) => run(context => mount(context, name, absoluteLocal(folder))))
}

async function mount(context: Context, filesystem: string, folder: string): Promise<void> {
  const { signal, host } = context
  await using door = new LastingDoor(context)
  const { path } = await door.run(client => client.call(filesystemMount, { filesystem, path: folder }, signal))
  const endMs = host.clock.monotonicMs() + RECONNECT_MS_MAX
  // The storage process that holds the mount replaces the one that answered.
  for (;;) {
    const { mounts } = await door.run(client => client.call(nodeStatus, undefined, signal))
    if (mounts.some(row => row.path === path)) break
    if (host.clock.monotonicMs() > endMs) {
      throw cliFault('Local', `${path} is not served yet`, { hint: 'See `cairn status` and what `cairn up` prints.' })
    }
    await host.clock.sleep(RECONNECT_PAUSE_MS, signal)
  }
  show(context, { filesystem, path }, () => `Mounted ${filesystem} at ${path}\n`)
}
