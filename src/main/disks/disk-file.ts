import type { World } from '#base'
import { DISKS_MAX, diskId, readSmallFile, replaceSmallFile } from '#cluster'
import { exactly, flag, integer, list, optional, type ShapeOf, shape, text } from '#rpc'
import { mainFault } from '../faults.ts'

const recordShape = shape({
  id: diskId,
  /** The folder on it, as an absolute path. */
  path: text(4096),
  /** The share that is offered; undefined: all of it. */
  bytesMax: optional(integer()),
  isDraining: optional(flag),
  /** Why it is not used any more until it is added again: it failed to write. */
  failed: optional(text(1000)),
  /** True from when it was missing until what was copied meanwhile is no more there twice. */
  wasAway: optional(flag),
})

/** What a machine remembers of a disk besides that of its data folder. */
export type DiskRecord = ShapeOf<typeof recordShape>

const fileShape = shape({
  version: exactly(1),
  /** True when the disk of the data folder is drained. */
  isFirstDraining: optional(flag),
  disks: list(recordShape, DISKS_MAX - 1),
})

/** The disks that a machine shall have: `DATA/disks.json`. What is named there and is not found is missing, never empty. */
export type DiskFile = ShapeOf<typeof fileShape>

/** Reads it. Faults: DataFolder. */
export function readDiskFile(disk: World['disk'], dataFolder: string): DiskFile {
  const path = fileOf(dataFolder)
  const kept = readSmallFile(disk, path)
  if (kept === undefined) return { version: 1, disks: [] }
  try {
    return fileShape(JSON.parse(kept), '')
  } catch (cause) {
    throw mainFault('DataFolder', `${path} is damaged`, {
      hint: 'Remove it, start Cairn, and add each of its disks again: cairn disk add PATH. What they hold is kept.',
      cause,
    })
  }
}

/** Keeps it, durably. */
export async function keepDiskFile(disk: World['disk'], dataFolder: string, file: DiskFile): Promise<void> {
  await replaceSmallFile(disk, fileOf(dataFolder), `${JSON.stringify(file)}\n`)
}

function fileOf(dataFolder: string): string {
  return `${dataFolder}/disks.json`
}
