import { type Command, InvalidArgumentError } from 'commander'
import { textOf } from '#base'
import { quotaList, quotaRemove, quotaSet } from '#rpc'
import { cloudPlace, showPlace } from '../../cloud-path.ts'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { formatBytes, parseBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'

/** `cairn fs quota` */
export function declareQuota(fs: Command, run: Run): void {
  const quota = fs
    .command('quota')
    .description('limit what a directory and all below it may hold')
    .addHelpText('after', examples('cairn fs quota set /media --bytes 500G --files 100000', 'cairn fs quota ls'))
  for (const declare of [declareSet, declareList, declareRemove]) declare(quota, run)
}

interface Limits {
  readonly bytes?: number
  readonly files?: number
}

function declareSet(quota: Command, run: Run): void {
  quota
    .command('set')
    .description('set or change the limits of a directory; it must be empty the first time')
    .argument('<path>', '/path in the filesystem home, or NAME:/path')
    .option('--bytes <size>', 'space for content, such as 500M or 2T', sizeWord)
    .option('--files <count>', 'files and directories, itself too', countWord)
    .action((word: string, { bytes: bytesMax, files: inodesMax }: Limits) =>
      run(async context => {
        if (bytesMax === undefined && inodesMax === undefined) {
          throw cliFault('Usage', 'no limit is named', {
            hint: 'Add --bytes or --files; `cairn fs quota rm` lifts limits.',
          })
        }
        const place = cloudPlace(word)
        await using client = await openDoor(context)
        await client.call(quotaSet, { place, bytesMax, inodesMax }, context.signal)
        show(context, { path: showPlace(place), bytesMax, inodesMax }, () => `Set the quota of ${showPlace(place)}\n`)
      }),
    )
}

function declareList(quota: Command, run: Run): void {
  quota
    .command('ls')
    .description('list the directories of a filesystem that have a quota')
    .argument('[filesystem]', 'a filesystem', 'home')
    .action((filesystem: string) =>
      run(async context => {
        await using client = await openDoor(context)
        const rows = await Array.fromAsync(client.download(quotaList, { filesystem }, context.signal), ({ head }) => ({
          ...head,
          path: textOf(head.path),
        }))
        const cells = rows.map(row => [
          row.path,
          formatBytes(row.bytesUsed),
          row.bytesMax === undefined ? '-' : formatBytes(row.bytesMax),
          String(row.inodesUsed),
          row.inodesMax === undefined ? '-' : String(row.inodesMax),
        ])
        show(context, rows, () => table(COLUMNS, cells))
      }),
    )
}

const COLUMNS = [
  { title: 'DIRECTORY' },
  { title: 'USED', align: 'right' },
  { title: 'OF', align: 'right' },
  { title: 'FILES', align: 'right' },
  { title: 'OF', align: 'right' },
] as const

function declareRemove(quota: Command, run: Run): void {
  quota
    .command('rm')
    .description('lift the limits of a directory')
    .argument('<path>', '/path in the filesystem home, or NAME:/path')
    .action((word: string) =>
      run(async context => {
        const place = cloudPlace(word)
        await using client = await openDoor(context)
        await client.call(quotaRemove, { place }, context.signal)
        show(context, { path: showPlace(place) }, () => `Lifted the quota of ${showPlace(place)}\n`)
      }),
    )
}

function sizeWord(word: string): number {
  const bytes = parseBytes(word)
  if (bytes !== undefined && bytes > 0) return bytes
  throw new InvalidArgumentError('Write a size such as 500M, 20G or 2T.')
}

function countWord(word: string): number {
  const count = /^[0-9]{1,15}$/.test(word) ? Number(word) : 0
  if (count > 0) return count
  throw new InvalidArgumentError('Write a number above 0.')
}
