import type { Command } from 'commander'
import { type Client, diskDrain, type DiskRow } from '#rpc'
import { type Context, show } from '../../context.ts'
import { openDoor } from '../../door.ts'
import { formatBytes, plural } from '../../format.ts'
import { examples } from '../../help.ts'
import { DRAIN_LOOK_MS } from '../../limits.ts'
import type { Run } from '../../run.ts'
import { MACHINE_OPTION, type NamedDisk, namedDisk } from './named-disk.ts'

/** `cairn disk drain` */
export function declareDiskDrain(disk: Command, run: Run): void {
  disk
    .command('drain')
    .description('let a disk give what it holds to others, so that it can be removed')
    .argument('<disk>', 'its name in `cairn disk ls`, or its folder')
    .option(...MACHINE_OPTION)
    .option('--wait', 'show how far it is, and end when it may be pulled')
    .addHelpText('after', examples('cairn disk drain /mnt/attic --wait', 'cairn disk drain m3-f6f8292c'))
    .action((word: string, said: Said) => run(context => drain(context, word, said)))
}

interface Said {
  readonly wait?: boolean
  readonly machine?: string
}

async function drain(context: Context, word: string, said: Said): Promise<void> {
  await using door = await openDoor(context)
  const found = await namedDisk(door, context, { word, machine: said.machine })
  const row = await door.call(diskDrain, { machine: found.machine, id: found.row.id }, context.signal)
  if (said.wait === true) return await untilEmpty(context, door, found)
  show(context, { draining: row.name, path: row.path, chunks: row.chunks }, () => drainText(row))
}

function drainText(row: DiskRow): string {
  const { name, chunks, usedBytes } = row
  if (chunks === 0) return emptyText(row)
  const left = `${plural(chunks, 'chunk')} (${formatBytes(usedBytes)})`
  return `The disk ${name} takes nothing new, and gives away what it holds: ${left}.\nSee what is left, and when it may be pulled: cairn disk drain ${name} --wait\n`
}

// It ends early when its signal aborts; the disk goes on.
async function untilEmpty(context: Context, door: Client, found: NamedDisk): Promise<void> {
  const { host, terminal, signal } = context
  for (let said = ''; ; ) {
    const { row } = await namedDisk(door, context, { word: found.row.id, machine: found.machine })
    if (row.state === 'Draining' && row.chunks === 0) {
      const value = { drained: row.name, path: row.path, chunks: 0, isSafeToUnplug: !row.isFirst }
      return show(context, value, () => emptyText(row))
    }
    const line = progressText(row)
    if (terminal.isWatched) terminal.err(`\r${line}\u001b[K`)
    else if (line !== said) terminal.err(`${line}\n`)
    said = line
    await host.clock.sleep(DRAIN_LOOK_MS, signal)
  }
}

function progressText({ name, state, chunks, message }: DiskRow): string {
  const why = message === undefined ? '' : `; ${message}`
  if (state === 'Missing' || state === 'Failing') return `${name} is ${state}${why}`
  return `${name}: ${plural(chunks, 'chunk')} to go${why}`
}

function emptyText({ name, path, isFirst, damaged }: DiskRow): string {
  if (isFirst) return `No chunk is left on ${name}; the data folder ${path} stays on it.\n`
  const rest = damaged === 0 ? '' : `, but ${plural(damaged, 'damaged chunk')}: see cairn doctor`
  return `Nothing is left on ${name}${rest}: it may be pulled when it is removed: cairn disk remove ${name}\n`
}
