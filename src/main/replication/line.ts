import type { Machines } from '#cluster'
import { revisionOf, type StandbyLine, type StandbyReach } from '#keyspace'
import { BODY_BYTES_MAX, message } from '#rpc'
import { logAppend, logAppendLarge, logFill, logReach } from './methods.ts'

/** The way to the standby of a filesystem on another machine, over whatever connection there is. */
export function standbyLine(
  machines: Pick<Machines, 'client' | 'connect'>,
  filesystem: string,
  machine: string,
): StandbyLine {
  const reach = async (signal: AbortSignal) => machines.client(machine) ?? (await machines.connect(machine, signal))
  return {
    async reach(epoch, signal) {
      return reachOf(await (await reach(signal)).call(logReach, { filesystem, epoch }, signal))
    },
    async append({ epoch, from, crc, bytes }, syncTo, signal) {
      const client = await reach(signal)
      const params = { filesystem, epoch, from, crc, syncTo }
      if (bytes.byteLength <= BODY_BYTES_MAX) {
        return revisionOf((await client.exchange(logAppend, message(params, bytes), signal)).head.durable)
      }
      const large = { params: { ...params, bytes: bytes.byteLength }, items: itemsOf(piecesOf(bytes)) }
      return revisionOf((await client.upload(logAppendLarge, large, signal)).durable)
    },
    async fill(epoch, pieces, signal) {
      const client = await reach(signal)
      return reachOf(await client.upload(logFill, { params: { filesystem, epoch }, items: itemsOf(pieces) }, signal))
    },
  }
}

function reachOf({ epochs, last, durable, isWhole }: ReturnType<typeof logReach.result>): StandbyReach {
  const starts = epochs.map(({ epoch, boot, first }) => ({ epoch, boot, first: revisionOf(first) }))
  return { epochs: starts, last: revisionOf(last), durable: revisionOf(durable), isWhole }
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}

async function* itemsOf(pieces: Iterable<Uint8Array>) {
  for (const piece of pieces) yield message(undefined, piece)
}

const PIECE_BYTES = 2 ** 18
