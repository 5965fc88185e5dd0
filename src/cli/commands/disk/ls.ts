import type { Command } from 'commander'
import type { DiskOffer, DiskRow } from '#rpc'
import { type KubeObject, numberAt, textAt } from '#schema'
import { byApi } from '../../api/by-api.ts'
import { bytesAt, DISKS } from '../../api/nodes.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'
import { type OwnDisks, ownDisks } from './own-disks.ts'

/** `cairn disk ls` */
export function declareDiskLs(disk: Command, run: Run): void {
  disk
    .command('ls')
    .description('list the disks of all machines, and what is mounted on this one and not used')
    .option('--offered', 'list only what is mounted here and not used, and why not')
    .addHelpText('after', examples('cairn disk ls', 'cairn disk ls -o json', 'cairn disk ls --offered'))
    .action(({ offered = false }: { readonly offered?: boolean }) => run(offered ? listOffered : list))
}

async function listOffered(context: Context): Promise<void> {
  const { offers } = await here(context)
  show(context, offers, () => offersText(offers))
}

async function list(context: Context): Promise<void> {
  const own = await here(context)
  const objects = await byApi(context, 'only the disks of this machine are shown', async client => {
    return (await client.listAll(DISKS, {}, context.signal)).objects
  })
  const known = (objects ?? []).map(listedObject)
  const machine = own.disks[0]?.name ?? ''
  const mine = own.disks.map(row => listedOwn(row, machine))
  // Of what this machine had and let go, controllers may not have heard yet.
  const others = known.filter(each => (each.machine !== machine || each.id === null) && each.name !== machine)
  const disks = [...mine, ...others].sort((a, b) => (a.name < b.name ? -1 : 1))
  show(context, disks, () => {
    const more = own.offers.length === 0 ? '' : `\n${offersText(own.offers)}`
    return `${table(COLUMNS, disks.map(cells))}${more}`
  })
}

// What this machine says itself is newer than what controllers have noted.
async function here(context: Context): Promise<OwnDisks> {
  await using door = await openDoor(context)
  return await ownDisks(door, context)
}

interface Listed {
  readonly name: string
  readonly machine: string
  readonly path: string
  readonly id: string | null
  readonly state: string
  readonly chunks: number | null
  readonly usedBytes: number | null
  readonly freeBytes: number | null
  readonly message: string
}

function listedOwn(row: DiskRow, machine: string): Listed {
  const { name, path, id, state, chunks, usedBytes, freeBytes, message = '' } = row
  return { name, machine, path, id, state, chunks, usedBytes, freeBytes, message }
}

function listedObject(object: KubeObject): Listed {
  return {
    name: object.metadata.name,
    machine: textAt(object, 'spec', 'nodeName') ?? '',
    path: textAt(object, 'spec', 'path') ?? '',
    id: textAt(object, 'status', 'id') ?? null,
    state: textAt(object, 'status', 'phase') ?? 'Unknown',
    chunks: numberAt(object, 'status', 'chunks') ?? null,
    usedBytes: bytesAt(object, 'status', 'bytesUsed') ?? null,
    freeBytes: bytesAt(object, 'status', 'bytesFree') ?? null,
    message: textAt(object, 'status', 'message') ?? '',
  }
}

function cells({ name, machine, state, chunks, usedBytes, freeBytes, path, message }: Listed): readonly string[] {
  const sizes = [usedBytes, freeBytes].map(bytes => (bytes === null ? '-' : formatBytes(bytes)))
  return [name, machine, state, String(chunks ?? '-'), ...sizes, path, message]
}

const COLUMNS = [
  { title: 'DISK' },
  { title: 'MACHINE' },
  { title: 'STATE' },
  { title: 'CHUNKS', align: 'right' },
  { title: 'USED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'PATH' },
  { title: 'MESSAGE' },
] as const

function offersText(offers: readonly DiskOffer[]): string {
  if (offers.length === 0) return 'Every disk that is mounted here is used.\n'
  const rows = offers.map(({ path, source, totalBytes, why }) => {
    return [path, source, formatBytes(totalBytes), why ?? `may be used: cairn disk add ${path}`]
  })
  return table(OFFER_COLUMNS, rows)
}

const OFFER_COLUMNS = [
  { title: 'NOT USED' },
  { title: 'DEVICE' },
  { title: 'SIZE', align: 'right' },
  { title: 'WHY' },
] as const
