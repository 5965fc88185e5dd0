import { type Client, diskList, type DiskOffer, type DiskRow } from '#rpc'
import type { Context } from '../../context.ts'
import { cliFault } from '../../faults.ts'
import { absoluteLocal } from '../../local/paths.ts'

/** The disks of this machine, and what of it is mounted and not used. */
export interface OwnDisks {
  readonly disks: readonly DiskRow[]
  readonly offers: readonly DiskOffer[]
}

/** Asks the running Cairn for them. */
export function ownDisks(door: Client, { signal }: Context): Promise<OwnDisks> {
  return door.call(diskList, undefined, signal)
}

/** The disk of this machine that people mean: by its name, its folder or its id. Faults: Unknown. */
export async function ownDisk(door: Client, context: Context, word: string): Promise<DiskRow> {
  const { disks } = await ownDisks(door, context)
  const folder = absoluteLocal(word)
  const found = disks.find(({ name, id, path: at }) => name === word || id === word || at === folder)
  if (found !== undefined) return found
  const hint = 'It is done on the machine that has the disk; `cairn disk ls` lists the disks of all.'
  throw cliFault('Unknown', `this machine has no disk ${word}`, { hint })
}
