import { isUtf8 } from 'node:buffer'
import { type ByteString, bytesOf, textOf } from '#base'
import { type Dag, pbDag } from './cid.ts'
import { encodeDataField, linkBytes, type PbLink, UNIXFS_TYPE } from './dag-pb.ts'
import { DIRECTORY_BLOCK_BYTES_MAX } from './limits.ts'
import { shardedDag } from './shard.ts'

/** A directory's entry as published. Only files, directories and symlinks have a published form. */
export interface DagEntry {
  readonly name: ByteString
  readonly dag: Dag
}

/** A published directory, or why it has no CID. */
export type DirectoryDag =
  | { readonly ok: true; readonly dag: Dag }
  | { readonly ok: false; readonly reason: 'NameNotUtf8' | 'NameHashClash'; readonly message: string }

/**
 * The published form of a directory, of entries in any order: one block, or a tree of shards when that block would be
 * longer than 256 KiB (profile unixfs-v1-2025, where every link counts, also those to directories). Modes and times are
 * not recorded, as `ipfs add` does by default.
 */
export function directoryDag(entries: readonly DagEntry[]): DirectoryDag {
  const links: PbLink[] = []
  let blockBytes = encodeDataField(FLAT).length
  for (const { name, dag } of entries) {
    const bytes = bytesOf(name)
    if (!isUtf8(bytes)) {
      return { ok: false, reason: 'NameNotUtf8', message: `the name ${JSON.stringify(textOf(name))} is not UTF-8` }
    }
    links.push({ codec: dag.codec, digest: dag.digest, dagBytes: dag.dagBytes, name: bytes })
    blockBytes += linkBytes(bytes.length, dag.dagBytes)
  }
  if (blockBytes > DIRECTORY_BLOCK_BYTES_MAX) return sharded(links)
  links.sort((a, b) => a.name.compare(b.name))
  return { ok: true, dag: pbDag(links, FLAT) }
}

function sharded(links: readonly PbLink[]): DirectoryDag {
  const dag = shardedDag(links)
  if (dag !== undefined) return { ok: true, dag }
  return { ok: false, reason: 'NameHashClash', message: 'two names have the same 64 bits of MurmurHash3' }
}

const FLAT = { type: UNIXFS_TYPE.directory } as const
