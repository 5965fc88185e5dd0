import { byteString } from '#base'
import { revisionOf } from '#keyspace'
import { flag, integer, list, long, message, optional, shape, text } from '#rpc'
import {
  type HomeOperations,
  type Quota,
  type RemoteKind,
  REMOTE_LIST_MAX,
  ROOMS_PER_CALL_MAX,
  SNAPSHOT_ROWS_MAX,
  SYMLINK_BYTES_MAX,
  XATTR_LIST_BYTES_MAX,
  XATTR_VALUE_BYTES_MAX,
} from '#storage/fs'
import { type Codec, mapped, nothingAtAll, plain } from './codec.ts'
import { contentCodec, contentsCodec } from './extents.ts'
import { attributes, cookie, digest, heldLock, ino, kind, name, octets, wrong } from './values.ts'

const shownAttributes = plain(attributes)
const removed = mapped(plain(shape({ orphan: optional(ino) })), {
  out: (value: HomeOperations['remove']['answer']) => value,
  in: value => ({ orphan: value.orphan }),
})

const quotaRow = shape({
  id: integer(),
  ino,
  bytesMax: optional(integer()),
  inodesMax: optional(integer()),
  bytesUsed: integer(),
  inodesUsed: integer(),
})
const quota = (row: ReturnType<typeof quotaRow>): Quota => ({
  ...row,
  bytesMax: row.bytesMax,
  inodesMax: row.inodesMax,
})

const entryRow = shape({ name, ino, kind, cookie, attributes: optional(attributes) })

/** Raw bytes of at most so many. */
function raw(max: number): Codec<Uint8Array> {
  return {
    encode: value => message(undefined, value),
    decode: ({ body }) => {
      if (body.byteLength > max) throw wrong('the body', `at most ${max} bytes`)
      return Uint8Array.from(body)
    },
  }
}

const names = mapped(raw(XATTR_LIST_BYTES_MAX), {
  out: (value: readonly string[]) => Buffer.from(value.join('\0'), 'latin1'),
  in: bytes => (bytes.byteLength === 0 ? [] : byteString(bytes).split('\0')),
})

const snapshotRow = shape({
  name: text(255),
  id: integer(1),
  createdNs: long,
  revision: integer(),
  root: shape({ digest, bytes: integer(1) }),
})

const lockState = plain(shape({ isHeld: flag }))

/** What the home answers to each operation, as it travels. */
export const ANSWERS: { readonly [Kind in RemoteKind]: Codec<HomeOperations[Kind]['answer']> } = {
  lookup: shownAttributes,
  attributes: shownAttributes,
  setAttributes: shownAttributes,
  make: shownAttributes,
  makeUnnamed: shownAttributes,
  link: shownAttributes,
  remove: removed,
  rename: removed,
  readLink: plain(octets(SYMLINK_BYTES_MAX)),
  list: mapped(plain(list(entryRow, REMOTE_LIST_MAX)), {
    out: (value: HomeOperations['list']['answer']) => value,
    in: value => value.map(entry => ({ ...entry, attributes: entry.attributes })),
  }),
  content: contentCodec,
  contents: contentsCodec,
  write: nothingAtAll,
  append: plain(shape({ offset: integer() })),
  copyRange: plain(shape({ bytes: integer() })),
  clear: nothingAtAll,
  getXattr: raw(XATTR_VALUE_BYTES_MAX),
  setXattr: nothingAtAll,
  listXattr: names,
  removeXattr: nothingAtAll,
  access: nothingAtAll,
  touchAccess: nothingAtAll,
  forget: nothingAtAll,
  returnDelegations: nothingAtAll,
  growth: plain(shape({ bytes: integer() })),
  reserve: plain(list(shape({ id: integer(), bytes: integer(0) }), ROOMS_PER_CALL_MAX)),
  seal: nothingAtAll,
  limitsOf: mapped(plain(list(quotaRow, 2)), {
    out: (value: readonly Quota[]) => value,
    in: value => value.map(quota),
  }),
  whole: mapped(plain(quotaRow), { out: (value: Quota) => value, in: quota }),
  snapshots: mapped(plain(list(snapshotRow, SNAPSHOT_ROWS_MAX)), {
    out: (value: HomeOperations['snapshots']['answer']) => value,
    in: rows => rows.map(row => ({ ...row, revision: revisionOf(row.revision) })),
  }),
  statFs: plain(
    shape({
      blockBytes: integer(1),
      blocks: integer(),
      blocksFree: integer(),
      files: integer(),
      filesFree: integer(),
      nameBytesMax: integer(),
    }),
  ),
  sync: nothingAtAll,
  getLock: plain(shape({ conflict: optional(heldLock) })),
  setLock: lockState,
  cancelLock: lockState,
  releaseLocks: nothingAtAll,
}
