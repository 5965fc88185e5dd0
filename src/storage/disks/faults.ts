import { type Digest, defineFaults, digestHex, isFault } from '#base'

/** Makes the faults of this room; the codes are the room's contract. */
export const disksFault = defineFaults({
  DiskAway: { status: 503, retry: 'later' },
  NoSpace: { status: 507, retry: 'later' },
})

/** Of a chunk that is on none of the disks that are there, while others are not. */
export function diskAway(digest: Digest, cause: unknown): Error {
  const hint = 'See `cairn disk ls`: connect and mount that disk, or remove it for good.'
  return disksFault('DiskAway', `chunk ${digestHex(digest)} may be on a disk that is away`, { hint, cause })
}

/** Of a chunk for which no disk has room that is not promised to others. */
export function noSpace(bytes: number): Error {
  const hint = 'Delete files or snapshots, add a disk, or offer a larger share of one.'
  return disksFault('NoSpace', `no disk of this machine has space for ${bytes} bytes`, { hint })
}

/** Of two faults of reads of the same chunk, the one that says more of it. */
export function worse(one: unknown, other: unknown): unknown {
  return one === undefined || isFault(one, 'ChunkMissing') ? other : one
}
