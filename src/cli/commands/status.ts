import type { Command } from 'commander'
import { isFault } from '#base'
import { type CopiesStatus, type NodeStatus, nodeStatus, storeCopies } from '#rpc'
import { type Context, dataFolder, show } from '../context.ts'
import { type ApiState, apiState } from '../control-door.ts'
import { openDoor } from '../door.ts'
import { formatBytes, formatDuration, formatMs, plural } from '../format.ts'
import { examples } from '../help.ts'
import type { Run } from '../run.ts'
import { table } from '../table.ts'

/** `cairn status` */
export function declareStatus(program: Command, run: Run): void {
  program
    .command('status')
    .description('show whether Cairn runs, its filesystems, mounts and space; exit code 1 when it does not run')
    .addHelpText('after', examples('cairn status', 'cairn status -o json | jq .filesystems'))
    .action(() => run(status))
}

async function status(context: Context): Promise<void> {
  try {
    await using client = await openDoor(context)
    const found = await client.call(nodeStatus, undefined, context.signal)
    const copies = await client.call(storeCopies, undefined, context.signal)
    const api = await apiState(context)
    const url = typeof api === 'string' || api.standby !== undefined ? null : api.url
    show(
      context,
      { running: true, ...found, copies, api: url, keys: typeof api === 'string' ? null : (api.keys ?? null) },
      () => statusText(found, copies, api),
    )
  } catch (error) {
    if (isFault(error, 'NotRunning')) show(context, { running: false, dataFolder: dataFolder(context) }, () => '')
    throw error
  }
}

/** The status for people. */
function statusText(status: NodeStatus, copies: CopiesStatus, api: ApiState): string {
  const { disk, filesystems, mounts, held } = status
  const metadataBytes = filesystems.reduce((sum, each) => sum + each.metadataBytes, 0)
  const head = [
    `${status.software} runs (process ${status.pid}), up for ${formatDuration(status.uptimeMs)}`,
    `data   ${status.dataFolder}`,
    ...cloudLines(status),
    `api    ${apiText(status, api)}`,
    ...(typeof api === 'string' || api.keys === undefined ? [] : [`keys   ${api.keys}`]),
    `used   ${formatBytes(disk.usedBytes + metadataBytes)}: ${plural(held.chunks, 'chunk')}, and ${formatBytes(metadataBytes)} of metadata`,
    `free   ${formatBytes(disk.freeBytes)} of ${formatBytes(disk.totalBytes)}`,
    ...diskLines(status),
    `copies ${copies.sentence}`,
    `scrub  ${scrubText(status)}`,
  ]
  return `${head.join('\n')}\n\n${filesystemTable(filesystems, mounts)}`
}

// Where there are several: those that are not as they should be, each with why.
function diskLines({ disks }: NodeStatus): readonly string[] {
  if (disks.length < 2) return []
  const odd = disks.filter(({ state }) => state !== 'Ready')
  if (odd.length === 0) return [`disks  ${disks.length}, all Ready`]
  return odd.map(
    ({ path, state, message }) => `disks  ${path} is ${state}${message === undefined ? '' : `: ${message}`}`,
  )
}

// Every byte is read and verified once a week.
function scrubText({ scrub: { sinceMs, last, now }, disk }: NodeStatus): string {
  const damage = (damaged: number) => (damaged === 0 ? 'nothing damaged' : `${plural(damaged, 'chunk')} damaged`)
  const day = (ms: number) => formatMs(ms).slice(0, DAY_LETTERS)
  const before = last && `all of it was read by ${day(last.doneMs)}, ${damage(last.damaged)}`
  if (now === undefined) return before ?? `nothing read yet; the first time is a week after ${day(sinceMs)}`
  const percent = Math.min(99, Math.floor((100 * now.bytes) / Math.max(disk.usedBytes, 1)))
  const current = `${percent} % read since ${day(now.startedMs)}, ${damage(now.damaged)}`
  return before === undefined ? current : `${current}; before, ${before}`
}

const DAY_LETTERS = 10

function cloudLines({ cloud }: NodeStatus): readonly string[] {
  if (cloud === undefined) return []
  const { name, role, isRemoved } = cloud
  const place = isRemoved ? `this machine, ${name}, was removed from it` : `this machine is ${name}, a ${role}`
  return [`cloud  ${cloud.cloud.slice(0, CLOUD_CHARACTERS)}; ${place}`]
}

const CLOUD_CHARACTERS = 8

function apiText({ cloud }: NodeStatus, api: ApiState): string {
  if (typeof api !== 'string') return api.standby === undefined ? api.url : `on another controller: ${api.standby}`
  return cloud?.role === 'node' ? `on ${cloud.controllers.join(', ') || 'the controllers of the cloud'}` : api
}

/** Filesystems with where they are mounted, for people. */
export function filesystemTable(filesystems: NodeStatus['filesystems'], mounts: NodeStatus['mounts']): string {
  const rows = filesystems.map(({ name, bytesUsed, bytesMax, inodesUsed, inodesMax, snapshots, metadataBytes }) => {
    const paths = mounts.filter(mount => mount.filesystem === name).map(mount => mount.path)
    const used = ofMax(formatBytes(bytesUsed), bytesMax === undefined ? undefined : formatBytes(bytesMax))
    const files = ofMax(String(inodesUsed), inodesMax === undefined ? undefined : String(inodesMax))
    return [name, used, files, String(snapshots), formatBytes(metadataBytes), paths.join(', ') || '-']
  })
  return `${table(COLUMNS, rows)}${homeLines(filesystems)}`
}

// Where it lives, and who could be the next home: in a cloud only.
function homeLines(filesystems: NodeStatus['filesystems']): string {
  const lines = filesystems.flatMap(({ name, home, inSync = [], isSilent }) => {
    if (home === undefined) return []
    const others = inSync.filter(each => each !== home)
    const next =
      others.length === 0 ? 'no other machine has' : `${others.join(', ')} ${others.length === 1 ? 'has' : 'have'}`
    const silent = isSilent === true ? ', which is silent: it can be read, not changed' : ''
    return [`${name} lives on ${home}${silent}; ${next} all that was acknowledged of it\n`]
  })
  return lines.length === 0 ? '' : `\n${lines.join('')}`
}

const COLUMNS = [
  { title: 'FILESYSTEM' },
  { title: 'USED', align: 'right' },
  { title: 'FILES', align: 'right' },
  { title: 'SNAPSHOTS', align: 'right' },
  { title: 'METADATA', align: 'right' },
  { title: 'MOUNT' },
] as const

function ofMax(used: string, max: string | undefined): string {
  return max === undefined ? used : `${used} of ${max}`
}
