import { exactly, flag, integer, list, long, message, optional, type Shape, shape } from '#rpc'
import {
  CONTENT_BYTES_MAX,
  CONTENT_EXTENTS_MAX,
  CONTENTS_MAX,
  type Content,
  type Extent,
  ExtentList,
  type FileContent,
  INLINE_BYTES_MAX,
  type WriteMessage,
} from '#storage/fs'
import type { Codec } from './codec.ts'
import { attributeChange, attributes, caller, digest, fileBytes, ino, wrong } from './values.ts'

// What fits a chunk of the largest size there may be.
const chunkBytes = integer(1, 16 * 2 ** 20)

const inlineRow = shape({ kind: exactly('inline'), offset: fileBytes, bytes: integer(1, INLINE_BYTES_MAX) })
const chunkRow = shape({
  kind: exactly('chunk'),
  offset: fileBytes,
  bytes: chunkBytes,
  digest,
  chunkOffset: integer(0, 16 * 2 ** 20),
  chunkBytes,
})
const holeRow = shape({ kind: exactly('hole'), offset: fileBytes, bytes: integer(1) })

type Row = ReturnType<typeof inlineRow> | ReturnType<typeof chunkRow> | ReturnType<typeof holeRow>

const row: Shape<Row> = (value, at) => {
  const kind: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'kind') : undefined
  if (kind === 'inline') return inlineRow(value, at)
  if (kind === 'hole') return holeRow(value, at)
  const found = chunkRow(value, at)
  if (found.chunkOffset + found.bytes > found.chunkBytes) throw wrong(at, 'inside its chunk')
  return found
}

/** Extents in one message. */
export const rows: Shape<readonly Row[]> = list(row, CONTENT_EXTENTS_MAX)

const writeRow = shape({
  ino,
  extents: rows,
  mtimeNs: long,
  killPrivileges: flag,
  opener: optional(caller),
  also: optional(shape({ change: attributeChange, caller })),
  unchangedSince: optional(long),
  returnsDelegation: optional(flag),
})

/** New content of a file: inline bytes travel raw, one behind the other. */
export const writeCodec: Codec<WriteMessage> = {
  encode: ({ extents, ...rest }) => message({ ...rest, extents: extents.map(rowOf) }, inlineBytes(extents)),
  decode: received => {
    const { extents, ...rest } = writeRow(received.head, '')
    return { ...rest, extents: extentsOf(extents, received.body) }
  },
}

const treeRow = shape({ root: digest, bytes: integer(), visibleBytes: integer(), usedBytes: integer() })
const contentRow = shape({ size: integer(), extents: rows, tree: optional(treeRow) })

/** Where a file's bytes are, with those that are inline. */
export const contentCodec: Codec<Content> = {
  encode: ({ size, extents, tree }) =>
    message({ size, tree, extents: Array.from(extents, rowOf) }, inlineBytes([...extents])),
  decode: received => {
    const { size, extents, tree } = contentRow(received.head, '')
    return { size, tree, extents: ExtentList.of(extentsOf(extents, received.body)) }
  },
}

const contentsRow = list(shape({ ino, attributes, content: contentRow }), CONTENTS_MAX)

/** The same of several files, all whose inline bytes are one behind the other. */
export const contentsCodec: Codec<readonly FileContent[]> = {
  encode: files => {
    const told = files.map(({ ino, attributes: shown, content: { size, tree, extents } }) => {
      return { ino, attributes: shown, content: { size, tree, extents: Array.from(extents, rowOf) } }
    })
    return message(told, inlineBytes(files.flatMap(({ content }) => [...content.extents])))
  },
  decode: ({ head, body }) => {
    let at = 0
    const files = contentsRow(head, '').map(({ ino, attributes: shown, content: { size, extents, tree } }) => {
      const bytes = extents.reduce((sum, extent) => sum + (extent.kind === 'inline' ? extent.bytes : 0), 0)
      const own = body.subarray(at, at + bytes)
      at += bytes
      return { ino, attributes: shown, content: { size, tree, extents: ExtentList.of(extentsOf(extents, own)) } }
    })
    if (at !== body.byteLength) throw wrong('the body', 'the bytes of inline extents')
    return files
  },
}

function rowOf(extent: Extent): Row {
  if (extent.kind !== 'inline') return extent
  return { kind: 'inline', offset: extent.offset, bytes: extent.bytes }
}

function inlineBytes(extents: readonly Extent[]): Uint8Array {
  const parts = extents.flatMap(extent => (extent.kind === 'inline' ? [extent.data] : []))
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)
}

// Sorted, not overlapping, and as long as what came with them.
function extentsOf(found: readonly Row[], body: Uint8Array): Extent[] {
  let [at, taken] = [0, 0]
  const extents = found.map((each, index): Extent => {
    if (each.offset < at) throw wrong(`extents[${index}]`, 'behind the one before')
    at = each.offset + each.bytes
    if (each.kind !== 'inline') return each
    taken += each.bytes
    // Bytes of its own: what came in one message is not kept for a part of it.
    return { ...each, data: Uint8Array.from(body.subarray(taken - each.bytes, taken)) }
  })
  if (taken !== body.byteLength || taken > CONTENT_BYTES_MAX) throw wrong('the body', 'the bytes of inline extents')
  return extents
}
