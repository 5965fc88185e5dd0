import { download, flag, integer, list, nothing, optional, type Shape, shape, text, unary, word } from '#rpc'
import {
  CONTENT_EXTENTS_MAX,
  DELEGATIONS_MAX,
  HELD_MAX,
  LOCKS_PER_SESSION_MAX,
  RECALLED_MAX,
  type RemoteKind,
  SLOTS_MAX,
  STALE_BATCH_MAX,
  STALE_NAMES_MAX,
} from '#storage/fs'
import { FILESYSTEM_NAME_MAX } from '../limits.ts'
import { INPUTS } from './inputs.ts'
import { attributes, directoryPlace, errno, ino, placedLock, wrong } from './values.ts'

const filesystem = text(FILESYSTEM_NAME_MAX)
const session = integer(1)
const ofSession = { filesystem, session }

const remoteKind: Shape<RemoteKind> = (value, at) => {
  if (typeof value === 'string' && Object.hasOwn(INPUTS, value)) return value as RemoteKind
  throw wrong(at, `one of ${Object.keys(INPUTS).join(', ')}`)
}

// Checked by its operation.
const unchecked: Shape<unknown> = value => value

const access = word('full', 'squashed', 'readOnly')

const superblock = shape({
  id: text(64),
  name: filesystem,
  pool: text(63),
  chunkBytes: integer(4096, 16 * 2 ** 20),
  createdNs: text(30),
})

/** A machine begins to use a filesystem whose home is at the callee, or goes on with the session it had. */
export const fsOpen = unary({
  name: 'fs.open',
  version: 1,
  params: shape({
    filesystem,
    resume: optional(
      shape({
        session,
        held: list(ino, HELD_MAX),
        locks: optional(list(placedLock, LOCKS_PER_SESSION_MAX)),
        delegated: optional(list(ino, DELEGATIONS_MAX)),
        answered: optional(integer()),
        epoch: optional(integer()),
      }),
    ),
  }),
  result: shape({
    session,
    isResumed: flag,
    lastSequence: integer(),
    access,
    boot: text(64),
    epoch: optional(integer()),
    orphans: list(ino, HELD_MAX),
    superblock,
  }),
  timeoutMs: 10_000,
})

const answer = shape({
  errno: optional(errno),
  value: unchecked,
  revision: integer(),
  changed: list(attributes, CONTENT_EXTENTS_MAX),
  contentTo: integer(),
  isDelegated: optional(flag),
})

/** One operation of a session. Raw bytes of input and answer are the body. */
export const fsCall = unary({
  name: 'fs.call',
  version: 1,
  params: shape({
    ...ofSession,
    kind: remoteKind,
    name: optional(shape({ slot: integer(0, SLOTS_MAX - 1), sequence: integer(1) })),
    input: unchecked,
  }),
  result: answer,
  timeoutMs: 30_000,
})

/** One operation that only reads, of a machine with the log of a filesystem whose home is silent. */
export const fsStandIn = unary({
  name: 'fs.standIn',
  version: 1,
  params: shape({
    filesystem,
    kind: remoteKind,
    input: unchecked,
    answered: optional(integer()),
    epoch: optional(integer()),
  }),
  result: answer,
  timeoutMs: 10_000,
})

/** What a session may no longer believe, as long as the connection lasts. */
export const fsWatch = download({
  name: 'fs.watch',
  version: 1,
  params: shape(ofSession),
  item: shape({
    number: integer(1),
    revision: integer(),
    inos: list(ino, STALE_BATCH_MAX),
    kept: list(ino, STALE_BATCH_MAX * 2),
    moved: list(ino, STALE_BATCH_MAX),
    entries: list(directoryPlace, STALE_BATCH_MAX * STALE_NAMES_MAX),
    granted: optional(list(integer(1), STALE_BATCH_MAX)),
    recalled: optional(list(ino, STALE_BATCH_MAX * RECALLED_MAX)),
    limits: optional(flag),
  }),
  result: nothing,
})

/** A session has forgotten what it was told to; of it, it holds some open. */
export const fsAcknowledge = unary({
  name: 'fs.acknowledge',
  version: 1,
  params: shape({ ...ofSession, number: integer(), held: list(ino, STALE_BATCH_MAX) }),
  result: nothing,
  timeoutMs: 10_000,
})

/** A session is still there. */
export const fsRenew = unary({
  name: 'fs.renew',
  version: 1,
  params: shape(ofSession),
  result: nothing,
  timeoutMs: 5_000,
})

/** A session ends. */
export const fsClose = unary({
  name: 'fs.close',
  version: 1,
  params: shape(ofSession),
  result: nothing,
  timeoutMs: 5_000,
})
