import { DISKS_MAX } from '#cluster'
import { type ChunkStore, SHARE_BYTES_MIN } from '#storage/chunks'
import { mainFault } from '../faults.ts'

/** Of a disk that the machine does not have. */
export function noSuchDisk(id: string): Error {
  return mainFault('NotFound', `there is no disk ${id} in this machine`, { hint: '`cairn disk ls` lists them.' })
}

export function tooManyDisks(): Error {
  return mainFault('Invalid', `a machine has at most ${DISKS_MAX} disks`, {
    hint: 'Remove one first: cairn disk remove',
  })
}

export function onlyDisk(): Error {
  const hint = 'Add another first (cairn disk add PATH), or drain the machine: cairn node drain'
  return mainFault('Invalid', 'it is the only disk of its machine', { hint })
}

export function firstStays(): Error {
  const hint = 'Its chunks can go to other disks (cairn disk drain), but not the data folder: see `cairn node remove`.'
  return mainFault('Invalid', 'it is the disk of the data folder', { hint })
}

/** Refuses to offer so little of a disk that nothing useful fits. Faults: Invalid. */
export function refuseSmallShare(path: string, bytes: number): void {
  if (bytes >= SHARE_BYTES_MIN) return
  const least = SHARE_BYTES_MIN / 2 ** 20
  throw mainFault('Invalid', `${bytes} bytes of the disk at ${path} are too little: the least is ${least} MiB`, {
    hint: `Give it more: --size ${least}M`,
  })
}

/** Of a disk that is in use and shall have another share. */
export function shareStays(path: string): Error {
  const hint = 'To give another share, empty and remove it first: cairn disk drain --wait, cairn disk remove.'
  return mainFault('Invalid', `the disk at ${path} is used already`, { hint })
}

/** Of a disk that was to be used and cannot be. */
export function notUsable(path: string, why: string): Error {
  return mainFault('Invalid', `the disk at ${path} cannot be used: ${why}`, {
    hint: 'See that it works, then try again.',
  })
}

/** A disk for refusals: what people call it, on any machine, and where it is. */
export interface CalledDisk {
  readonly name: string
  readonly path: string
}

/** Refuses to forget a disk before all it holds is elsewhere. Faults: Busy. */
export function refuseFull({ name, path }: CalledDisk, store: Pick<ChunkStore, 'stat'>, isDraining: boolean): void {
  const { held, quarantined } = store.stat().states
  const hint = `Let it give them away first: cairn disk drain ${name} --wait`
  if (!isDraining) throw mainFault('Busy', `the disk at ${path} is in use`, { hint })
  if (held.chunks > 0) throw mainFault('Busy', `${held.chunks} chunks are still on the disk at ${path}`, { hint })
  if (quarantined.chunks === 0) return
  throw mainFault('Busy', `${quarantined.chunks} damaged chunks on the disk at ${path} are not yet put right`, {
    hint: 'Nothing else is on it. See `cairn doctor`, or let them go: --force.',
  })
}
