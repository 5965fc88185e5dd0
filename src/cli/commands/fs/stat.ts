import type { Command } from 'commander'
import { textOf } from '#base'
import { fileStat } from '#rpc'
import { cloudPlace, showPlace } from '../../cloud-path.ts'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes, formatMode, formatTime } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable } from '../../table.ts'

/** `cairn fs stat` */
export function declareStat(fs: Command, run: Run): void {
  fs.command('stat')
    .description('show what a filesystem knows of a file')
    .argument('<path>', '/path in the filesystem home, or NAME:/path')
    .addHelpText('after', examples('cairn fs stat /notes.txt', 'cairn fs stat -o json photos:/a.jpg'))
    .action((word: string) =>
      run(async context => {
        const place = cloudPlace(word)
        await using client = await openDoor(context)
        const row = await client.call(fileStat, { place, follow: false }, context.signal)
        const target = row.target === undefined ? undefined : textOf(row.target)
        const lines: readonly (readonly [string, string])[] = [
          ['path', showPlace(place)],
          ['kind', target === undefined ? row.kind : `${row.kind} to ${target}`],
          ['size', `${row.size} bytes (${formatBytes(row.size)}), ${formatBytes(row.blocks * 512)} used`],
          ['mode', `${formatMode(row.kind, row.mode)} (${row.mode.toString(8).padStart(4, '0')})`],
          ['owner', `${row.uid}:${row.gid}`],
          ['inode', `${row.ino}, ${row.nlink} link${row.nlink === 1 ? '' : 's'}`],
          ['modified', `${formatTime(row.mtimeNs)} UTC`],
          ['created', `${formatTime(row.btimeNs)} UTC`],
        ]
        const text = () => lines.map(([name, value]) => `${name.padEnd(9)} ${printable(value)}\n`).join('')
        show(context, { ...place, path: textOf(place.path), ...row, target }, text)
      }),
    )
}
