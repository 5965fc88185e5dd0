import { digestOf } from '#base'
import { forMachines, LACKS_MAX, machineOf } from '#cluster'
import { commonOf, epochsOf, type LocalKeyspace, nextFrom, type RecordBatch, revisionOf } from '#keyspace'
import { answerUnary, answerUpload, type CallContext, type Handler, type Message, message } from '#rpc'
import type { Filesystem } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { LOG_RECORD_BYTES_MAX } from '../limits.ts'
import { logAppend, logAppendLarge, logCompare, logFill, logHomes, logKeep, logReach } from './methods.ts'
import type { HomeRecords } from './records.ts'
import type { Standbys } from './standbys.ts'

/** What machines ask about logs here. */
export interface LogParts {
  readonly records: Pick<HomeRecords, 'of' | 'take' | 'all'>
  /** Undefined while a log cannot be taken here: filesystems are not open, or what was a home's is not given up yet. */
  readonly standbys: (filesystem: string) => Pick<Standbys, 'reach' | 'append' | 'fill'> | undefined
  /** A filesystem whose home is here. Faults: NotFound. */
  readonly home: (name: string) => { readonly filesystem: Filesystem; readonly keyspace: LocalKeyspace }
  readonly own: () => string
  /** Filesystems of which this machine is believed to have the log, and has not. */
  readonly lacks: () => readonly string[]
}

/** What other machines may ask: only the home of a filesystem in its epoch writes the log of it that is kept here. */
export function logHandlers(parts: LogParts): readonly Handler[] {
  const { records } = parts
  const standbysFor = (of: { readonly filesystem: string; readonly epoch: number }, context: CallContext) => {
    checkHome(parts, of, context)
    const standbys = parts.standbys(of.filesystem)
    if (standbys === undefined) throw mainFault('HomeUnreachable', 'the logs of this machine are not open yet')
    return standbys
  }
  return forMachines([
    answerUnary(logReach, async (of, context) => {
      return message(await standbysFor(of, context).reach(of.filesystem, of.epoch))
    }),
    answerUnary(logAppend, async (of, context) => {
      const standbys = standbysFor(of, context)
      const { filesystem, syncTo } = of
      const durable = await standbys.append(filesystem, batchOf(of, context.body), revisionOf(syncTo), context.signal)
      return message({ durable })
    }),
    answerUpload(logAppendLarge, async (of, items, context) => {
      const standbys = standbysFor(of, context)
      const { filesystem, syncTo } = of
      const batch = batchOf(of, await wholeOf(items, of.bytes))
      return message({ durable: await standbys.append(filesystem, batch, revisionOf(syncTo), context.signal) })
    }),
    answerUpload(logFill, async (of, items, context) => {
      return message(await standbysFor(of, context).fill(of.filesystem, of.epoch, bodiesOf(items)))
    }),
    answerUnary(logHomes, async ({ records: told }) => {
      await records.take(told)
      return message({ records: records.all.slice(0, HOMES_TOLD_MAX), lacks: parts.lacks().slice(0, LACKS_MAX) })
    }),
    answerUnary(logCompare, async ({ filesystem, epoch, epochs, last }) => {
      const { keyspace } = homeOf(parts, filesystem, epoch)
      const starts = epochs.map(start => ({ ...start, first: revisionOf(start.first) }))
      const here = { epochs: epochsOf(keyspace), last: keyspace.revision }
      const there = { epochs: starts, last: revisionOf(last) }
      return message({ isPrefix: nextFrom(here, there) !== undefined, common: commonOf(here, there) })
    }),
    answerUnary(logKeep, async ({ filesystem, epoch, name, root, rootBytes }, { signal }) => {
      const { snapshots } = homeOf(parts, filesystem, epoch).filesystem
      const isThere = snapshots.list().some(each => each.name === name)
      if (!isThere)
        await snapshots.adopt(name, { digest: digestOf(Buffer.from(root, 'hex')), bytes: rootBytes }, signal)
      return message(undefined)
    }),
  ])
}

function checkHome(
  { records }: LogParts,
  { filesystem, epoch }: { readonly filesystem: string; readonly epoch: number },
  { peer }: CallContext,
): void {
  const caller = peer === undefined ? undefined : machineOf(peer)?.name
  const known = records.of(filesystem)
  if (known !== undefined && epoch < known.epoch) {
    throw mainFault('OldEpoch', `the home of ${filesystem} is ${known.home} in epoch ${known.epoch}: ${epoch} is over`)
  }
  if (known === undefined || known.epoch < epoch || known.home !== caller) {
    throw mainFault('HomeUnknown', `${caller ?? 'somebody'} is not known here as the home of ${filesystem}`)
  }
}

function homeOf({ records, own, home }: LogParts, filesystem: string, epoch: number) {
  const record = records.of(filesystem)
  if (record?.home === own() && record.epoch === epoch) return home(filesystem)
  throw mainFault('HomeUnknown', `the home of ${filesystem} in epoch ${epoch} is not here`)
}

function batchOf(
  { epoch, from, crc }: { readonly epoch: number; readonly from: number; readonly crc: number },
  bytes: Uint8Array,
): RecordBatch {
  return { epoch, from: revisionOf(from), crc, bytes }
}

async function wholeOf(items: AsyncIterable<Message<undefined>>, bytes: number): Promise<Uint8Array> {
  if (bytes > LOG_RECORD_BYTES_MAX) throw mainFault('Invalid', `${bytes} bytes of a log are too many at once`)
  const whole = new Uint8Array(bytes)
  let at = 0
  for await (const body of bodiesOf(items)) {
    if (at + body.byteLength > bytes) throw mainFault('Damaged', 'more of a log came than was said')
    whole.set(body, at)
    at += body.byteLength
  }
  return whole.subarray(0, at)
}

async function* bodiesOf(items: AsyncIterable<Message<undefined>>): AsyncGenerator<Uint8Array> {
  for await (const { body } of items) yield body
}

const HOMES_TOLD_MAX = 64
