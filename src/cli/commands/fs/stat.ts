import type { Command } from 'commander'
import { textOf } from '#base'
import { type FileDescription, fileDescribe } from '#rpc'
import { cloudPlace, showPlace } from '../../cloud-path.ts'
import { ifLost } from '../../copies.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { formatBytes, formatMode, formatTime, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable } from '../../table.ts'

/** `cairn fs stat` */
export function declareStat(fs: Command, run: Run): void {
  fs.command('stat')
    .description('show what a filesystem knows of a file')
    .argument('[path]', '/path in the filesystem home, or NAME:/path')
    .option('--cid', 'of a directory, too, work out the CID: everything below is read')
    .option('--if-lost <machine>', 'instead: which files are lost if that machine dies now')
    .addHelpText('after', examples('cairn fs stat /notes.txt', 'cairn fs stat --if-lost attic'))
    .action((word: string | undefined, options: { readonly cid?: boolean; readonly ifLost?: string }) =>
      run(async context => {
        if (options.ifLost !== undefined) return await showIfLost(context, options.ifLost)
        if (word === undefined) throw cliFault('Usage', 'a path is missing', { hint: 'For example: cairn fs stat /' })
        const place = cloudPlace(word)
        await using client = await openDoor(context)
        const describe = (cid: boolean) => client.call(fileDescribe, { place, cid }, context.signal)
        const plain = await describe(false)
        const row = options.cid === true || plain.kind !== 'directory' ? await describe(true) : plain
        const target = row.target === undefined ? undefined : textOf(row.target)
        const quota = row.quota && { ...row.quota, path: textOf(row.quota.path) }
        const text = () => linesOf({ ...row, target, quota }, showPlace(place))
        show(context, { ...place, path: textOf(place.path), ...row, target, quota }, text)
      }),
    )
}

async function showIfLost(context: Context, machine: string): Promise<void> {
  const found = await ifLost(context, machine)
  show(context, { machine, ...found }, () => `${printable(found.sentence)}\n`)
}

function linesOf(row: FileDescription, path: string): string {
  const lines: (readonly [string, string])[] = [
    ['path', path],
    ['kind', row.target === undefined ? row.kind : `${row.kind} to ${row.target}`],
    ['size', `${row.size} bytes (${formatBytes(row.size)}), ${formatBytes(row.blocks * 512)} used`],
    ['mode', `${formatMode(row.kind, row.mode)} (${row.mode.toString(8).padStart(4, '0')})`],
    ['owner', `${row.uid}:${row.gid}`],
    ['inode', `${row.ino}, ${plural(row.nlink, 'link')}`],
    ['modified', `${formatTime(row.mtimeNs)} UTC`],
    ['created', `${formatTime(row.btimeNs)} UTC`],
  ]
  if (row.kind === 'file') {
    lines.push(['content', row.isSealed ? 'sealed' : `${plural(row.extents, 'piece')} written since it was sealed`])
  }
  if (row.cid !== undefined) lines.push(['cid', row.cid])
  if (row.noCid !== undefined) lines.push(['cid', `none: ${row.noCid}`])
  if (row.quota !== undefined) lines.push(['quota', quotaText(row.quota)])
  return lines.map(([name, value]) => `${name.padEnd(9)} ${printable(value)}\n`).join('')
}

function quotaText(quota: NonNullable<FileDescription['quota']>): string {
  const bytes =
    formatBytes(quota.bytesUsed) + (quota.bytesMax === undefined ? '' : ` of ${formatBytes(quota.bytesMax)}`)
  const files =
    quota.inodesMax === undefined ? plural(quota.inodesUsed, 'file') : `${quota.inodesUsed} of ${quota.inodesMax} files`
  return `${quota.path}: ${bytes}, ${files}`
}
