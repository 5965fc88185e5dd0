import fs from 'node:fs'
import path from 'node:path'
import { exactly, list, type ShapeOf, shape, text } from '#rpc'
import { mainFault } from '../faults.ts'
import { MOUNTS_MAX } from '../limits.ts'

/** DATA/mounts.json, version 1: which filesystem is mounted where at every start. */
const tableShape = shape({
  version: exactly('v1'),
  mounts: list(shape({ filesystem: text(63), path: text(4096) }), MOUNTS_MAX),
})

/** A mount wanted at every start. */
export type WantedMount = ShapeOf<typeof tableShape>['mounts'][number]

/** The wanted mounts of a data folder; undefined before the first start. Faults: DataFolder. */
export function readMountTable(dataFolder: string): readonly WantedMount[] | undefined {
  const file = fileOf(dataFolder)
  if (!fs.existsSync(file)) return undefined
  try {
    return tableShape(JSON.parse(fs.readFileSync(file, 'utf8')), '').mounts
  } catch (error) {
    throw mainFault('DataFolder', `${file} cannot be read as a mount table`, {
      hint: 'Remove the file: `home` is then mounted at its usual place.',
      cause: error,
    })
  }
}

/** Remembers the wanted mounts, whole or not at all. */
export function writeMountTable(dataFolder: string, mounts: readonly WantedMount[]): void {
  const file = fileOf(dataFolder)
  const table: ShapeOf<typeof tableShape> = { version: 'v1', mounts }
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(table, undefined, 2)}\n`, { mode: 0o600, flush: true })
  fs.renameSync(`${file}.new`, file)
}

function fileOf(dataFolder: string): string {
  return path.join(dataFolder, 'mounts.json')
}
