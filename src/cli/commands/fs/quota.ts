import { type Command, InvalidArgumentError } from 'commander'
import { textOf } from '#base'
import { type Place, quotaList, quotaRemove, quotaSet } from '#rpc'
import { byApi } from '../../api/by-api.ts'
import { cloudPlace, showPlace } from '../../cloud-path.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { cliFault } from '../../faults.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { sizeWord } from '../../size-word.ts'
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
    .description(
      'set or change the limits of a directory, empty the first time, or with NAME:/ of the whole filesystem',
    )
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
        if (!(await limitWhole(context, place, { bytesMax, inodesMax }))) {
          await using client = await openDoor(context)
          await client.call(quotaSet, { place, bytesMax, inodesMax }, context.signal)
        }
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
        if (!(await limitWhole(context, place, {}))) {
          await using client = await openDoor(context)
          await client.call(quotaRemove, { place }, context.signal)
        }
        show(context, { path: showPlace(place) }, () => `Lifted the quota of ${showPlace(place)}\n`)
      }),
    )
}

// The limits of a whole filesystem are in its object; true when that was done.
async function limitWhole(context: Context, { filesystem, path }: Place, limits: WholeLimits): Promise<boolean> {
  if (path !== '/') return false
  const away = 'storage sets the limits; its object does not say so'
  const { bytesMax, inodesMax = null } = limits
  const spec = { bytesMax: bytesMax === undefined ? null : String(bytesMax), inodesMax }
  const changed = await byApi(context, away, async client => {
    const { changeFilesystem } = await import('../../api/filesystems.ts')
    return changeFilesystem(client, filesystem, { spec, condition: 'Limited' }, context.signal)
  })
  return changed !== undefined
}

interface WholeLimits {
  readonly bytesMax?: number | undefined
  readonly inodesMax?: number | undefined
}

function countWord(word: string): number {
  const count = /^[0-9]{1,15}$/.test(word) ? Number(word) : 0
  if (count > 0) return count
  throw new InvalidArgumentError('Write a number above 0.')
}
