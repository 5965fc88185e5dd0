import { join } from 'node:path'

/** How long others waited at most, in milliseconds. */
export interface Blocks {
  /** The longest turn of the event loop, without V8's collections in it. */
  readonly workMs: number
  /** V8's longest collection, as the clock on the wall has it. */
  readonly collectionMs: number
}

/** Where the measured process tells what it has seen. */
export function blocksFile(folder: string): string {
  return join(folder, 'longest-block')
}
