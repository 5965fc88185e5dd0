import type { Disk } from '#base'
import { exactly, list, shape, text } from '#rpc'
import { PLACES_MAX } from '../limits.ts'
import { nodeFolderOf } from './node-files.ts'
import { readSmallFile, replaceSmallFile } from './small-file.ts'

const placesShape = shape({ version: exactly(1), addresses: list(text(300), PLACES_MAX) })

/** Where controllers may be besides what they say themselves, likely ones first: what tokens said. */
export function readPlaces(disk: Disk, dataFolder: string): readonly string[] {
  const json = readSmallFile(disk, fileOf(dataFolder))
  try {
    return json === undefined ? [] : placesShape(JSON.parse(json), '').addresses
  } catch {
    return [] // a token says it again
  }
}

/** Keeps more places, before those that are there. */
export async function keepPlaces(disk: Disk, dataFolder: string, addresses: readonly string[]): Promise<void> {
  const all = [...new Set([...addresses, ...readPlaces(disk, dataFolder)])].slice(0, PLACES_MAX)
  await replaceSmallFile(disk, fileOf(dataFolder), `${JSON.stringify({ version: 1, addresses: all })}\n`)
}

function fileOf(dataFolder: string): string {
  return `${nodeFolderOf(dataFolder)}/places.json`
}
