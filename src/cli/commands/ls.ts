import type { Command } from 'commander'
import { textOf } from '#base'
import { type Client, type EntryRow, fileList, fileStat, type Place } from '#rpc'
import { cloudPlace, lastName } from '../cloud-path.ts'
import { type Context, show } from '../context.ts'
import { openDoor } from '../door.ts'
import { formatBytes, formatMode, formatTime } from '../format.ts'
import { examples } from '../help.ts'
import type { Run } from '../run.ts'
import { printable, table } from '../table.ts'

/** `cairn ls` */
export function declareLs(program: Command, run: Run): void {
  program
    .command('ls')
    .description('list a directory of a filesystem')
    .argument('[path]', '/path in the filesystem home, or NAME:/path', '/')
    .option('-l, --long', 'show mode, owner, size and time')
    .addHelpText('after', examples('cairn ls /', 'cairn ls -l photos:/2024'))
    .action((path: string, options: { long?: boolean }) => run(context => ls(context, path, options.long === true)))
}

async function ls(context: Context, path: string, isLong: boolean): Promise<void> {
  const place = cloudPlace(path)
  await using client = await openDoor(context)
  const entries = await entriesAt(client, place, context.signal)
  entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const value = entries.map(entry => ({ ...entry, name: textOf(entry.name), target: shownTarget(entry) }))
  show(context, value, () => (isLong ? longText(entries) : entries.map(entry => `${shownName(entry)}\n`).join('')))
}

async function entriesAt(client: Client, place: Place, signal: AbortSignal): Promise<EntryRow[]> {
  const row = await client.call(fileStat, { place, follow: true }, signal)
  if (row.kind !== 'directory') return [{ name: lastName(place.path), ...row }]
  return Array.fromAsync(client.download(fileList, { place }, signal), item => item.head)
}

function longText(entries: readonly EntryRow[]): string {
  const rows = entries.map(entry => [
    formatMode(entry.kind, entry.mode),
    String(entry.nlink),
    String(entry.uid),
    String(entry.gid),
    formatBytes(entry.size),
    formatTime(entry.mtimeNs),
    entry.target === undefined ? shownName(entry) : `${shownName(entry)} -> ${printable(textOf(entry.target))}`,
  ])
  const columns = [
    { title: 'MODE' },
    { title: 'LINKS', align: 'right' },
    { title: 'UID', align: 'right' },
    { title: 'GID', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: 'CHANGED (UTC)' },
    { title: 'NAME' },
  ] as const
  return rows.length === 0 ? '' : table(columns, rows)
}

function shownName({ name, kind }: EntryRow): string {
  return printable(textOf(name)) + (kind === 'directory' ? '/' : '')
}

function shownTarget({ target }: EntryRow): string | undefined {
  return target === undefined ? undefined : textOf(target)
}
