import type { Handler } from './context.ts'

export const statFs: Handler<'statFs'> = context => {
  const { totalBytes, freeBytes } = context.chunks.space()
  const { bytesMax = Number.POSITIVE_INFINITY, inodesMax = INODES, bytesUsed, inodesUsed } = context.tables.whole
  return {
    blockBytes: BLOCK_BYTES,
    blocks: Math.floor(Math.min(totalBytes, bytesMax) / BLOCK_BYTES),
    blocksFree: Math.floor(Math.min(freeBytes, Math.max(0, bytesMax - bytesUsed)) / BLOCK_BYTES),
    files: inodesMax,
    filesFree: Math.max(0, inodesMax - inodesUsed),
    nameBytesMax: 255,
  }
}

export const sync: Handler<'sync'> = (context, { revision }) =>
  context.tables.keyspace.sync(revision ?? context.tables.revision, NEVER)

const BLOCK_BYTES = 4096
// Inodes are rows of a table: there is no fixed number of them.
const INODES = 2 ** 40
const NEVER = new AbortController().signal
