import { flag, integer, list, long, message, optional, type Shape, shape, text, word } from '#rpc'
import {
  ACCESS_TIMES_PER_CALL,
  CONTENTS_MAX,
  DELEGATIONS_MAX,
  FILE_BYTES_MAX,
  GROWTH_BYTES_MAX,
  HELD_MAX,
  type HomeOperations,
  LOCK_OWNER_MAX,
  type LockHolder,
  type RemoteKind,
  REMOTE_LIST_MAX,
  ROOMS_PER_CALL_MAX,
  SYMLINK_BYTES_MAX,
  XATTR_NAME_BYTES_MAX,
  XATTR_VALUE_BYTES_MAX,
} from '#storage/fs'
import { type Codec, mapped, plain } from './codec.ts'
import { writeCodec } from './extents.ts'
import {
  attributeChange,
  caller,
  cookie,
  device,
  directoryPlace,
  fileBytes,
  ino,
  kind,
  lockRequest,
  mode,
  name,
  octets,
  wrong,
} from './values.ts'

const onlyIno = plain(shape({ ino }))
const filePlace = shape({ ino, offset: fileBytes })
const range = shape({ from: fileBytes, to: integer(0) })
const xattrName = octets(XATTR_NAME_BYTES_MAX + 1)
const node = shape({ kind, mode, rdev: optional(device), target: optional(octets(SYMLINK_BYTES_MAX + 1)) })

const asked = { caller: optional(caller) }
const opened = { opener: optional(caller) }

const xattrRow = shape({ ino, name: xattrName, mode: word('set', 'create', 'replace'), ...asked })

/** The value travels raw. */
const setXattr: Codec<HomeOperations['setXattr']['input']> = {
  encode: ({ value, ...rest }) => message(rest, value),
  decode: ({ head, body }) => {
    if (body.byteLength > XATTR_VALUE_BYTES_MAX) throw wrong('the body', `at most ${XATTR_VALUE_BYTES_MAX} bytes`)
    return { ...xattrRow(head, ''), value: Uint8Array.from(body) }
  },
}

const lockAsked = plain(shape({ ino, lock: lockRequest, wait: optional(integer(1)) }))

const ownerOf = shape({ owner: text(LOCK_OWNER_MAX) })
const handleOf = shape({ handle: integer(0) })
const holder: Shape<LockHolder> = (value, at) =>
  typeof value === 'object' && value !== null && 'owner' in value ? ownerOf(value, at) : handleOf(value, at)

const rangeOfFile = shape({ ino, from: fileBytes, to: fileBytes })

// The home looks at every piece of it: as much as one write may have, and no more.
const growthRange: Shape<ReturnType<typeof rangeOfFile>> = (value, at) => {
  const found = rangeOfFile(value, at)
  if (found.to - found.from > GROWTH_BYTES_MAX) throw wrong('to', `at most ${GROWTH_BYTES_MAX} behind from`)
  return found
}

const roomAsked = shape({ id: integer(), least: integer(0), most: integer(0) })

/** What a caller says of each operation, as it travels. */
export const INPUTS: { readonly [Kind in RemoteKind]: Codec<HomeOperations[Kind]['input']> } = {
  lookup: plain(directoryPlace),
  attributes: onlyIno,
  setAttributes: plain(shape({ ino, change: attributeChange, ...asked, ...opened })),
  make: plain(shape({ parent: ino, name, node, caller, isDelegated: optional(flag) })),
  makeUnnamed: plain(shape({ parent: ino, mode, caller })),
  link: plain(shape({ ino, parent: ino, name, ...asked })),
  remove: plain(shape({ parent: ino, name, what: word('file', 'directory'), ...asked })),
  rename: plain(
    shape({ from: directoryPlace, to: directoryPlace, mode: word('replace', 'noReplace', 'exchange'), ...asked }),
  ),
  readLink: onlyIno,
  list: plain(shape({ ino, after: cookie, limit: integer(1, REMOTE_LIST_MAX) })),
  content: mapped(plain(shape({ ino, range })), {
    out: value => ({ ino: value.ino, range: value.range ?? { from: 0, to: FILE_BYTES_MAX } }),
    in: value => value,
  }),
  contents: plain(shape({ inos: list(ino, CONTENTS_MAX) })),
  write: writeCodec,
  append: writeCodec,
  copyRange: plain(shape({ from: filePlace, to: filePlace, bytes: integer(0), ...opened })),
  clear: plain(shape({ ino, from: fileBytes, to: fileBytes, size: fileBytes, ...opened })),
  getXattr: plain(shape({ ino, name: xattrName })),
  setXattr,
  listXattr: onlyIno,
  removeXattr: plain(shape({ ino, name: xattrName, ...asked })),
  access: plain(shape({ ino, forWriting: flag, ...asked })),
  touchAccess: plain(shape({ times: list(shape({ ino, atimeNs: long }), ACCESS_TIMES_PER_CALL) })),
  forget: plain(shape({ inos: list(ino, HELD_MAX) })),
  returnDelegations: plain(shape({ inos: list(ino, DELEGATIONS_MAX) })),
  growth: plain(growthRange),
  reserve: plain(shape({ rooms: list(roomAsked, ROOMS_PER_CALL_MAX) })),
  seal: onlyIno,
  limitsOf: onlyIno,
  whole: plain(shape({})),
  snapshots: plain(shape({ after: integer(0) })),
  statFs: plain(shape({})),
  sync: mapped(plain(shape({ all: flag })), { out: () => ({ all: true }), in: () => ({ revision: undefined }) }),
  getLock: plain(shape({ ino, lock: lockRequest })),
  setLock: lockAsked,
  cancelLock: lockAsked,
  releaseLocks: plain(shape({ ino, holder })),
}
