import { createHash } from 'node:crypto'
import { type Digest, digestHex, digestOf } from '#base'
import { machineOf } from '#cluster'
import {
  answerDownload,
  answerUnary,
  answerUpload,
  type CallContext,
  giveBack,
  type Handler,
  type Message,
  message,
  NO_BYTES,
} from '#rpc'
import { digestOfText, packDigests, packFlags, piecesOf, unpackDigests } from './digests.ts'
import { poolFault } from './faults.ts'
import { ARRIVING_BYTES_MAX, DIGESTS_MAX, PIECE_BYTES_MAX } from './limits.ts'
import {
  chunkBegan,
  chunkConfirm,
  chunkDoubt,
  chunkGroups,
  chunkHas,
  chunkList,
  chunkPut,
  chunkRead,
  chunkRenew,
  chunkReport,
  chunkSync,
} from './methods.ts'
import type { ServedPool } from './served-pool.ts'
import { Slots } from './slots.ts'

/** Answers `chunk.*` for the pools that are kept here, to machines of the map. `find` tells the open pool of a name. */
export function poolHandlers(find: (id: string) => ServedPool | undefined): Handler[] {
  const arriving = new Slots(ARRIVING_BYTES_MAX)
  const open = (id: string, context: CallContext): ServedPool => served(find(id), id, context)
  return [
    answerUpload(chunkPut, async (params, items, context) => {
      const pool = open(params.pool, context)
      using _room = await arriving.take(params.bytes)
      context.signal.throwIfAborted()
      const digest = digestOfText(params.digest)
      const bytes = await gathered(items, params.bytes)
      await take(pool, digest, bytes)
      giveBack(bytes)
      pool.received([digest])
      return message({ boot: pool.boot })
    }),
    answerDownload(chunkRead, (params, context) => sent(open(params.pool, context), digestOfText(params.digest))),
    ...holdings(open),
    ...comparisons(open),
  ]
}

type Open = (id: string, context: CallContext) => ServedPool

function holdings(open: Open): Handler[] {
  return [
    answerUnary(chunkHas, async ({ pool }, context) => {
      const { store } = open(pool, context)
      return message(undefined, packFlags(await heldAmong(store, unpackDigests(context.body))))
    }),
    answerUnary(chunkRenew, async ({ pool: id }, context) => {
      const pool = open(id, context)
      const digests = unpackDigests(context.body)
      const flags = await pool.copies.renew(digests)
      pool.received(digests.filter((_, i) => flags[i]))
      return message({ boot: pool.boot }, packFlags(flags))
    }),
    answerUnary(chunkSync, async ({ pool: id }, context) => {
      const pool = open(id, context)
      await pool.store.sync()
      return message({ boot: pool.boot })
    }),
    answerUnary(chunkBegan, async ({ pool, boot }, context) => {
      open(pool, context).heard(nameOf(context) ?? '', boot)
      return message(undefined)
    }),
    answerUnary(chunkDoubt, async ({ pool, digest }, context) => {
      open(pool, context).doubt(digestOfText(digest))
      return message(undefined)
    }),
  ]
}

function comparisons(open: Open): Handler[] {
  return [
    answerUnary(chunkGroups, async ({ pool, groups, numbers }, context) => {
      const { held, store } = open(pool, context)
      checkGroups(groups, numbers)
      // Nobody may have asked for that yet: who sent it has perhaps not heard that it came.
      await store.sync()
      const digests: Digest[] = []
      for (const group of numbers) digests.push((await held.of(groups, group, context.signal)).digest)
      return message(undefined, packDigests(digests))
    }),
    answerUnary(chunkList, async ({ pool, groups, group, from }, context) => {
      const { held } = open(pool, context)
      checkGroups(groups, [group])
      const after = from === '' ? undefined : digestOfText(from)
      const all = (await held.list(groups, group)).map(({ digest }) => digest)
      const rest = after === undefined ? all : all.filter(digest => digest > after)
      return message({ isLast: rest.length <= DIGESTS_MAX }, packDigests(rest.slice(0, DIGESTS_MAX)))
    }),
    answerUnary(chunkConfirm, async ({ pool, view }, context) => {
      const digests = unpackDigests(context.body)
      return message(undefined, packFlags(await confirmed(open(pool, context), view, digests)))
    }),
    answerUnary(chunkReport, async ({ pool }, context) => message(open(pool, context).report())),
  ]
}

function nameOf({ peer }: CallContext): string | undefined {
  return peer === undefined ? undefined : machineOf(peer)?.name
}

function served(pool: ServedPool | undefined, id: string, context: CallContext): ServedPool {
  const { peer } = context
  if (pool === undefined) throw poolFault('OtherPool', `there is no pool ${id} here`)
  const { machines, revoked } = pool.view().map
  const name = nameOf(context)
  const isMember = peer !== undefined && machines.some(each => each.name === name) && !revoked.includes(peer.serial)
  if (isMember) return pool
  throw poolFault('NotAMachine', `${peer?.name ?? 'who calls'} is no machine of this cloud`, {
    hint: 'See `cairn node ls`; a machine that was removed joins again with a new token.',
  })
}

function checkGroups(groups: number, numbers: readonly number[]): void {
  const isRight = Number.isInteger(Math.log2(groups)) && numbers.every(number => number < groups)
  if (!isRight) throw poolFault('OutOfRange', `there are no such groups among ${groups}`)
}

// What came in one piece is not copied.
async function gathered(items: AsyncIterable<Message<undefined>>, bytes: number): Promise<Uint8Array> {
  let chunk: Uint8Array | undefined
  let filled = 0
  for await (const { body } of items) {
    if (filled === 0 && body.byteLength === bytes) {
      chunk = body
      filled = bytes
      continue
    }
    if (filled + body.byteLength > bytes) throw poolFault('WrongBytes', `more came than ${bytes} bytes`)
    chunk ??= new Uint8Array(new SharedArrayBuffer(bytes))
    chunk.set(body, filled)
    filled += body.byteLength
    giveBack(body)
  }
  if (filled < bytes) throw poolFault('WrongBytes', `only ${filled} of ${bytes} bytes came`)
  return chunk ?? NO_BYTES
}

// Small ones are hashed before they are stored; a large one that is wrong is stored under the name it has, and nobody's.
async function take({ copies }: ServedPool, digest: Digest, bytes: Uint8Array): Promise<void> {
  const isSmall = bytes.byteLength <= PIECE_BYTES_MAX / 16
  const isWrong = isSmall && digestOf(createHash('sha256').update(bytes).digest()) !== digest
  if (isWrong || (await copies.hold(bytes)) !== digest) {
    throw poolFault('WrongBytes', `these are not the bytes of chunk ${digestHex(digest)}`)
  }
}

async function* sent(pool: ServedPool, digest: Digest): AsyncGenerator<Message<{ bytes: number }>, Message<undefined>> {
  const bytes = await pool.readOwn(digest)
  if (bytes.byteLength === 0) yield message({ bytes: 0 })
  for (const piece of piecesOf(bytes, PIECE_BYTES_MAX)) yield message({ bytes: bytes.byteLength }, piece)
  return message(undefined)
}

// A copy counts when it was there before the sync and is after it, and when all that time this is where it belongs.
async function confirmed(pool: ServedPool, viewName: string, digests: readonly Digest[]): Promise<boolean[]> {
  const { store } = pool
  const before = pool.view()
  const none = digests.map(() => false)
  if (before.name !== viewName) return none
  const were = await heldAmong(store, digests)
  await store.sync()
  const are = await heldAmong(store, digests)
  const now = pool.view()
  if (now.name !== viewName) return none
  return digests.map((digest, i) => were[i] === true && are[i] === true && now.isWanted(now.own, now.groupOf(digest)))
}

async function heldAmong(store: ServedPool['store'], digests: readonly Digest[]): Promise<boolean[]> {
  const flags: boolean[] = []
  for (const digest of digests) flags.push(await store.has(digest))
  return flags
}
