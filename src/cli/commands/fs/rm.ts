import type { Command } from 'commander'
import { filesystemRemove, type FilesystemRow, nodeStatus } from '#rpc'
import { byApi } from '../../api/by-api.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { formatBytes, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import { askPerson } from '../../local/input.ts'
import { leaveFolder } from '../../local/paths.ts'
import { refuseOnNode } from '../../on-controller.ts'
import type { Run } from '../../run.ts'

/** `cairn fs rm` */
export function declareRm(fs: Command, run: Run): void {
  fs.command('rm')
    .description('unmount a filesystem and delete it for good, with its files and snapshots: asks for its name first')
    .argument('<name>', 'a filesystem, but home')
    .option('--yes', 'does not ask')
    .addHelpText('after', examples('cairn fs rm old-photos'))
    .action((name: string, { yes = false }: { readonly yes?: boolean }) => run(context => rm(context, name, yes)))
}

async function rm(context: Context, name: string, isSure: boolean): Promise<void> {
  const { signal } = context
  const content = contentOf(await rowOf(context, name))
  if (content !== undefined && !isSure) {
    const question = `${name} holds ${content}. They will be gone for good.\nType ${name} to delete them: `
    if ((await askPerson(question, signal))?.trim() !== name) {
      throw cliFault('Usage', `${name} holds ${content}: nothing is deleted`, {
        hint: 'Type its name when asked at a terminal, or add --yes.',
      })
    }
  }
  const withFiles = content !== undefined
  leaveFolder()
  const deleted = await byApi(context, undefined, async client => {
    const { deleteFilesystem } = await import('../../api/filesystems.ts')
    await deleteFilesystem(client, name, { withFiles }, signal)
    return {}
  })
  if (deleted === undefined) {
    await refuseOnNode(context)
    await using door = await openDoor(context)
    await door.call(filesystemRemove, { filesystem: name, isForced: withFiles }, signal)
  }
  show(context, { deleted: name }, () => `Deleted filesystem ${name}\n`)
}

async function rowOf(context: Context, name: string): Promise<FilesystemRow> {
  await using door = await openDoor(context)
  const { filesystems } = await door.call(nodeStatus, undefined, context.signal)
  const row = filesystems.find(each => each.name === name)
  if (name === 'home') {
    throw cliFault('Usage', 'the filesystem home stays: every Cairn has it', { hint: 'Remove its files: `cairn rm`.' })
  }
  if (row !== undefined) return row
  throw cliFault('Usage', `there is no filesystem ${name}`, { hint: '`cairn fs ls` lists them.' })
}

function contentOf({ inodesUsed, bytesUsed, snapshots }: FilesystemRow): string | undefined {
  const held = [
    ...(inodesUsed === 0 ? [] : [`${plural(inodesUsed, 'file')} (${formatBytes(bytesUsed)})`]),
    ...(snapshots === 0 ? [] : [plural(snapshots, 'snapshot')]),
  ]
  return held.length === 0 ? undefined : held.join(' and ')
}
