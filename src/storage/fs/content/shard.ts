import { type Dag, pbDag } from './cid.ts'
import { type PbLink, UNIXFS_TYPE } from './dag-pb.ts'
import { SHARD_LEVELS_MAX } from './limits.ts'
import { murmur3First64 } from './murmur3.ts'

/**
 * A directory as a tree of shards: UnixFS HAMTShard nodes of 256 slots, a level for each byte of the name's hash. A
 * slot with one name links to its entry, one with more to the shard below; the link's name starts with the slot's number.
 * The tree depends on the set of names only. Undefined when two names share all levels: go-ipfs has no form for it.
 * Source: specs.ipfs.tech/unixfs, "HAMT directories".
 */
export function shardedDag(links: readonly PbLink[]): Dag | undefined {
  return shardAt(
    links.map(link => ({ link, hash: murmur3First64(link.name) })),
    0,
  )
}

interface HashedLink {
  readonly link: PbLink
  readonly hash: Buffer
}

function shardAt(entries: readonly HashedLink[], level: number): Dag | undefined {
  if (level === SHARD_LEVELS_MAX) return undefined
  const slots = Map.groupBy(entries, entry => entry.hash[level] ?? 0)
  const links: PbLink[] = []
  // Bit n of a 256-bit number says that slot n is taken; written big endian without leading zero bytes.
  const taken = Buffer.alloc(SLOTS / 8)
  for (const slot of [...slots.keys()].sort((a, b) => a - b)) {
    const link = slotLink(slot, slots.get(slot) ?? [], level)
    if (link === undefined) return undefined
    links.push(link)
    const at = taken.length - 1 - (slot >> 3)
    taken[at] = (taken[at] ?? 0) | (1 << (slot & 7))
  }
  const data = taken.subarray(taken.findIndex(byte => byte !== 0))
  return pbDag(links, { type: UNIXFS_TYPE.shard, data, hashType: MURMUR3_X64_64, fanout: SLOTS })
}

function slotLink(slot: number, entries: readonly HashedLink[], level: number): PbLink | undefined {
  const prefix = Buffer.from(slot.toString(16).toUpperCase().padStart(2, '0'))
  const [only, second] = entries
  if (only !== undefined && second === undefined) {
    return { ...only.link, name: Buffer.concat([prefix, only.link.name]) }
  }
  const below = shardAt(entries, level + 1)
  return below === undefined ? undefined : { ...below, name: prefix }
}

const SLOTS = 256

/** The multicodec number of murmur3-x64-64. */
const MURMUR3_X64_64 = 0x22
