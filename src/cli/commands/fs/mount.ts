import type { Command } from 'commander'
import type { Client } from '#client'
import { filesystemMount, nodeStatus } from '#rpc'
import { textAt } from '#schema'
import { byApi } from '../../api/by-api.ts'
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
  const { signal } = context
  const wanted = await byApi(context, AWAY, client => wish(client, { filesystem, folder }, signal))
  await using door = new LastingDoor(context)
  const { path } =
    wanted ?? (await door.run(client => client.call(filesystemMount, { filesystem, path: folder }, signal)))
  await served(context, door, path)
  show(context, { filesystem, path }, () => `Mounted ${filesystem} at ${path}\n`)
}

interface Wish {
  readonly filesystem: string
  readonly folder: string
}

async function wish(client: Client, { filesystem, folder }: Wish, signal: AbortSignal): Promise<{ path: string }> {
  const { changeFilesystem, filesystemOf } = await import('../../api/filesystems.ts')
  const before = textAt(await filesystemOf(client, filesystem, signal), 'spec', 'mountPath')
  if (before !== undefined && before !== folder) {
    throw cliFault('Local', `${filesystem} is to be mounted at ${before} already`, {
      hint: `Unmount it first: cairn fs umount ${before}`,
    })
  }
  const change = { spec: { mountPath: folder }, condition: 'Mounted' } as const
  const object = await changeFilesystem(client, filesystem, change, signal)
  return { path: textAt(object, 'status', 'mountPath') ?? folder }
}

// The storage process that holds the mount replaces the one that answered.
async function served({ host, signal }: Context, door: LastingDoor, path: string): Promise<void> {
  const endMs = host.clock.monotonicMs() + RECONNECT_MS_MAX
  for (;;) {
    const { mounts } = await door.run(client => client.call(nodeStatus, undefined, signal))
    if (mounts.some(row => row.path === path)) return
    if (host.clock.monotonicMs() > endMs) {
      throw cliFault('Local', `${path} is not served yet`, { hint: 'See `cairn status` and what `cairn up` prints.' })
    }
    await host.clock.sleep(RECONNECT_PAUSE_MS, signal)
  }
}

const AWAY = 'storage mounts it; its object does not say so'
