import type { Command } from 'commander'
import type { Client } from '#client'
import { filesystemUnmount } from '#rpc'
import { type KubeObject, textAt } from '#schema'
import { byApi } from '../../api/by-api.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { absoluteLocal, leaveFolder } from '../../local/paths.ts'
import type { Run } from '../../run.ts'

/** `cairn fs umount` */
export function declareUmount(fs: Command, run: Run): void {
  fs.command('umount')
    .description('unmount a folder, now and at every start; refused while a program uses it')
    .argument('<folder>', 'where a filesystem is mounted')
    .action((folder: string) =>
      run(async context => {
        const target = absoluteLocal(folder)
        leaveFolder()
        const path = await umount(context, target)
        show(context, { path }, () => `Unmounted ${path}\n`)
      }),
    )
}

async function umount(context: Context, target: string): Promise<string> {
  const { signal } = context
  const away = 'storage unmounts it; it is mounted again when its object says so'
  const done = await byApi(context, away, client => wish(client, target, signal))
  if (done?.path !== undefined) return done.path
  await using door = await openDoor(context)
  return (await door.call(filesystemUnmount, { path: target }, signal)).path
}

// What was mounted by other means storage knows alone.
async function wish(client: Client, target: string, signal: AbortSignal): Promise<{ readonly path?: string }> {
  const { changeFilesystem, FILESYSTEMS } = await import('../../api/filesystems.ts')
  const { objects } = await client.listAll(FILESYSTEMS, {}, signal)
  const isThere = (object: KubeObject): boolean =>
    textAt(object, 'spec', 'mountPath') === target || textAt(object, 'status', 'mountPath') === target
  const found = objects.find(object => textAt(object, 'spec', 'mountPath') !== undefined && isThere(object))
  if (found === undefined) return {}
  const change = { spec: { mountPath: null }, condition: 'Mounted' } as const
  await changeFilesystem(client, found.metadata.name, change, signal)
  return { path: textAt(found, 'status', 'mountPath') ?? target }
}
