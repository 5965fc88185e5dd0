import { askNodes, machineOfDisk } from '#cluster'
import { type Client, diskList, type DiskRow } from '#rpc'
import type { Context } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { absoluteLocal } from '../../local/paths.ts'

/** What people say when they mean a disk: a word, and perhaps the machine it is in. */
export interface DiskWords {
  readonly word: string
  readonly machine: string | undefined
}

/** A disk, and the machine that has it; undefined: this one. */
export interface NamedDisk {
  readonly row: DiskRow
  readonly machine: string | undefined
}

/** What `--machine` is described as. */
export const MACHINE_OPTION = ['--machine <name>', 'the machine that has it, for a folder there'] as const

/**
 * The disk that people mean: by its name, its folder or its id. One of another machine is known by its name, or by `machine`.
 * Faults: Unknown, Usage; Forbidden (of another machine, and this is no controller), NotFound, NoPath.
 */
export async function namedDisk(door: Client, context: Context, words: DiskWords): Promise<NamedDisk> {
  const { word, machine } = words
  const here = machine === undefined ? await find(door, context, words) : undefined
  if (here !== undefined) return { row: here, machine: undefined }
  const other = machine ?? (await machineOf(door, context, word))
  const row = other === undefined ? undefined : await find(door, context, { word, machine: other })
  if (row !== undefined) return { row, machine: other }
  throw cliFault('Unknown', `${other === undefined ? 'this machine' : other} has no disk ${word}`, {
    hint: 'By its name it is found on every machine, as `cairn disk ls` shows it; by its folder with --machine.',
  })
}

/** A folder as people said it, absolute; on another machine it has to be so already. Faults: Usage. */
export function folderOn(machine: string | undefined, word: string): string {
  if (machine === undefined || word.startsWith('/')) return absoluteLocal(word)
  throw cliFault('Usage', `${word} is no absolute path, which a folder of another machine needs`, {
    hint: `Write it from the root on: cairn disk add /PATH --machine ${machine}`,
  })
}

async function find(door: Client, { signal }: Context, { word, machine }: DiskWords): Promise<DiskRow | undefined> {
  const { disks } = await door.call(diskList, { machine }, signal)
  const folder = machine === undefined || word.startsWith('/') ? absoluteLocal(word) : undefined
  return disks.find(({ name, id, path }) => name === word || id === word || path === folder)
}

async function machineOf(door: Client, { signal }: Context, word: string): Promise<string | undefined> {
  const { nodes } = await askNodes(door, signal)
  const others = nodes.filter(({ isOwn }) => !isOwn)
  return machineOfDisk(
    word,
    others.map(({ name }) => name),
  )
}
