import type { Command } from 'commander'
import { diskList, type DiskOffer, type DiskRow } from '#rpc'
import { type KubeObject, numberAt, textAt } from '#schema'
import { byApi } from '../../api/by-api.ts'
import { bytesAt, DISKS } from '../../api/nodes.ts'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes } from '../../format.ts'
import { examples } from '../../help.ts'
import type { Run } from '../../run.ts'
import { table } from '../../table.ts'

/** `cairn disk ls` */
export function declareDiskLs(disk: Command, run: Run): void {
  disk
    .command('ls')
    .description('list the disks of all machines, and what is mounted on this one and not used')
    .option('--offered', 'list only what is mounted and not used, and why not')
    .option('--machine <name>', 'list those of one machine, as it says now, and what is mounted there and not used')
    .addHelpText('after', examples('cairn disk ls', 'cairn disk ls --machine m3', 'cairn disk ls --offered'))
    .action(({ offered = false, machine }: Said) =>
      run(context => {
        if (offered) return listOffered(context, machine)
        return machine === undefined ? list(context) : listOf(context, machine)
      }),
    )
}

interface Said {
  readonly offered?: boolean
  readonly machine?: string
}

async function listOffered(context: Context, machine: string | undefined): Promise<void> {
  const { offers } = await said(context, machine)
  show(context, offers, () => offersText(offers, machine))
}

async function listOf(context: Context, machine: string): Promise<void> {
  const { disks, offers } = await said(context, machine)
  const listed = disks.map(row => listedOwn(row, machine))
  show(context, listed, () => disksText(listed, offers, machine))
}

async function list(context: Context): Promise<void> {
  const own = await said(context, undefined)
  const objects = await byApi(context, 'only the disks of this machine are shown', async client => {
    return (await client.listAll(DISKS, {}, context.signal)).objects
  })
  const known = (objects ?? []).map(listedObject)
  const machine = own.disks[0]?.name ?? ''
  const mine = own.disks.map(row => listedOwn(row, machine))
  // Of what this machine had and let go, controllers may not have heard yet.
  const others = known.filter(each => (each.machine !== machine || each.id === null) && each.name !== machine)
  const disks = [...mine, ...others].sort((a, b) => (a.name < b.name ? -1 : 1))
  show(context, disks, () => disksText(disks, own.offers, undefined))
}

// What a machine says itself is newer than what controllers have noted.
async function said(context: Context, machine: string | undefined) {
  await using door = await openDoor(context)
  return await door.call(diskList, { machine }, context.signal)
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

function disksText(disks: readonly Listed[], offers: readonly DiskOffer[], machine: string | undefined): string {
  const more = offers.length === 0 ? '' : `\n${offersText(offers, machine)}`
  return `${table(COLUMNS, disks.map(cells))}${more}`
}

function offersText(offers: readonly DiskOffer[], machine: string | undefined): string {
  if (offers.length === 0)
    return `Every disk that is mounted ${machine === undefined ? 'here' : `on ${machine}`} is used.\n`
  const there = machine === undefined ? '' : ` --machine ${machine}`
  const rows = offers.map(({ path, source, totalBytes, why }) => {
    return [path, source, formatBytes(totalBytes), why ?? `may be used: cairn disk add ${path}${there}`]
  })
  return table(OFFER_COLUMNS, rows)
}

const OFFER_COLUMNS = [
  { title: 'NOT USED' },
  { title: 'DEVICE' },
  { title: 'SIZE', align: 'right' },
  { title: 'WHY' },
] as const
