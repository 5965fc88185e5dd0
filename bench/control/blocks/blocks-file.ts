import { join } from 'node:path'

/** Where the measured process tells what it has seen. */
export function blocksFile(folder: string): string {
  return join(folder, 'longest-block')
}
