import type { Handler } from './context.ts'

export const statFs: Handler<'statFs'> = context => {
  const { totalBytes, freeBytes } = context.chunks.space()
  return {
    blockBytes: BLOCK_BYTES,
    blocks: Math.floor(totalBytes / BLOCK_BYTES),
    blocksFree: Math.floor(freeBytes / BLOCK_BYTES),
    files: INODES,
    filesFree: INODES,
    nameBytesMax: 255,
  }
}

export const sync: Handler<'sync'> = (context, { revision }) =>
  context.tables.keyspace.sync(revision ?? context.tables.revision, NEVER)

const BLOCK_BYTES = 4096
// Inodes are rows of a table: there is no fixed number of them.
const INODES = 2 ** 40
const NEVER = new AbortController().signal
