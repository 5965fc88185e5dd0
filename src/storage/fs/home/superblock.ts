import { assert, bytesOf, beU64, type ByteString, defineFaults } from '#base'
import type { LocalKeyspace } from '#keyspace'
import { encodeInode, type Inode, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import { encodeQuota, WHOLE_EMPTY, WHOLE_ID } from '../quota.ts'

/** What a filesystem is, written once when it is created: JSON under the key `S`. */
export interface Superblock {
  readonly version: 1
  /** Random, for messages between machines. */
  readonly id: string
  readonly name: string
  readonly pool: string
  readonly chunkBytes: number
  readonly createdNs: string
}

/** Writes superblock and root directory into an empty keyspace, as one revision. */
export function format(keyspace: LocalKeyspace, superblock: Superblock, owner: { uid: number; gid: number }): void {
  const nowNs = BigInt(superblock.createdNs)
  const root: Inode = {
    ino: ROOT_INO,
    kind: 'directory',
    mode: 0o755,
    ...owner,
    nlink: 2,
    rdev: 0,
    size: 0,
    atimeNs: nowNs,
    mtimeNs: nowNs,
    ctimeNs: nowNs,
    btimeNs: nowNs,
    quotaRoot: 0,
    parent: ROOT_INO,
    cookie: 0,
    isLinked: false,
    entries: 0,
    tree: undefined,
    overlayBytes: 0,
    hasXattrs: false,
    isDelegated: false,
    target: '',
  }
  const put = (key: ByteString, value: Uint8Array) => ({ kind: 'put', key, value }) as const
  const { succeeded } = keyspace.commit({
    compare: [{ key: keys.SUPERBLOCK_KEY, is: 'equal', field: 'version', to: 0 }],
    then: [
      put(keys.SUPERBLOCK_KEY, Buffer.from(JSON.stringify(superblock))),
      put(keys.NEXT_INO_KEY, bytesOf(beU64(ROOT_INO + 1))),
      put(keys.inodeKey(ROOT_INO), encodeInode(root)),
      put(keys.quotaKey(WHOLE_ID), encodeQuota(WHOLE_EMPTY)),
    ],
  })
  assert(succeeded, 'a filesystem is formatted once')
}

/** The superblock; undefined in an empty keyspace. Faults: NewerVersion. */
export function readSuperblock(keyspace: LocalKeyspace): Superblock | undefined {
  const row = keyspace.get(keys.SUPERBLOCK_KEY)
  if (row === undefined) return undefined
  const superblock: Superblock = JSON.parse(Buffer.from(row.value).toString())
  if (superblock.version !== 1) {
    throw superblockFault(
      'NewerVersion',
      `filesystem ${superblock.name} has format ${superblock.version}, this cairn knows 1`,
      {
        hint: 'Start the newer version of cairn that wrote it.',
      },
    )
  }
  return superblock
}

const superblockFault = defineFaults({ NewerVersion: { status: 409, retry: 'never' } })
