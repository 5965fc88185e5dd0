import { type Command, InvalidArgumentError } from 'commander'
import { textOf } from '#base'
import { snapshotCreate, snapshotDiff, snapshotList, snapshotRemove, snapshotRestore } from '#rpc'
import { cloudPlace } from '../../cloud-path.ts'
import { show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatTime, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { printable, table } from '../../table.ts'

/** `cairn fs snapshot` */
export function declareSnapshot(fs: Command, run: Run): void {
  const snapshot = fs
    .command('snapshot')
    .description('keep, look at and bring back a filesystem as it was')
    .addHelpText('after', examples('cairn fs snapshot create home before-cleanup', 'cairn fs snapshot ls home'))
  for (const declare of [declareCreate, declareList, declareRemove, declareRestore, declareDiff]) declare(snapshot, run)
}

function declareCreate(snapshot: Command, run: Run): void {
  snapshot
    .command('create')
    .description('keep a filesystem as it is now under a name')
    .argument('<filesystem>')
    .argument('<name>', 'up to 255 bytes', snapshotWord)
    .action((filesystem: string, name: string) =>
      run(async context => {
        await using client = await openDoor(context)
        const row = await client.call(snapshotCreate, { filesystem, name }, context.signal)
        show(context, row, () => `Made snapshot ${name} of ${filesystem} (${row.root})\n`)
      }),
    )
}

function declareList(snapshot: Command, run: Run): void {
  snapshot
    .command('ls')
    .description('list the snapshots of a filesystem, oldest first')
    .argument('[filesystem]', 'a filesystem', 'home')
    .action((filesystem: string) =>
      run(async context => {
        await using client = await openDoor(context)
        const rows = await Array.fromAsync(
          client.download(snapshotList, { filesystem }, context.signal),
          item => item.head,
        )
        const cells = rows.map(row => [row.name, formatTime(row.createdNs), row.root])
        show(context, rows, () => table(COLUMNS, cells))
      }),
    )
}

const COLUMNS = [{ title: 'SNAPSHOT' }, { title: 'MADE (UTC)' }, { title: 'CID' }] as const

function declareRemove(snapshot: Command, run: Run): void {
  snapshot
    .command('rm')
    .description('forget a snapshot')
    .argument('<filesystem>')
    .argument('<name>', 'up to 255 bytes', snapshotWord)
    .action((filesystem: string, name: string) =>
      run(async context => {
        await using client = await openDoor(context)
        await client.call(snapshotRemove, { filesystem, name }, context.signal)
        show(context, { removed: name }, () => `Removed snapshot ${name} of ${filesystem}\n`)
      }),
    )
}

function declareRestore(snapshot: Command, run: Run): void {
  snapshot
    .command('restore')
    .description(
      'bring a file or directory back as it was, in place of what is there; missing directories above it too',
    )
    .argument('<filesystem>')
    .argument('<name>', 'the snapshot', snapshotWord)
    .argument('<path>', 'of the file or directory in the filesystem')
    .action((filesystem: string, name: string, path: string) =>
      run(async context => {
        await using client = await openDoor(context)
        const place = cloudPlace(`${filesystem}:${path.startsWith('/') ? path : `/${path}`}`)
        const { restored } = await client.call(snapshotRestore, { place, name }, context.signal)
        show(context, { restored }, () => `Restored ${plural(restored, 'name')}\n`)
      }),
    )
}

function declareDiff(snapshot: Command, run: Run): void {
  snapshot
    .command('diff')
    .description('show what differs between a snapshot and a later one, or now')
    .argument('<filesystem>')
    .argument('<from>')
    .argument('[to]')
    .action((filesystem: string, from: string, to: string | undefined) =>
      run(async context => {
        await using client = await openDoor(context)
        const changes = await Array.fromAsync(
          client.download(snapshotDiff, { filesystem, from, to }, context.signal),
          item => ({ ...item.head, path: textOf(item.head.path) }),
        )
        show(context, changes, () =>
          changes.map(({ change, path }) => `${change.padEnd(9)} ${printable(path)}\n`).join(''),
        )
      }),
    )
}

function snapshotWord(word: string): string {
  if (Buffer.byteLength(word) <= 255) return word
  throw new InvalidArgumentError('A snapshot has a name of at most 255 bytes, as files have.')
}
