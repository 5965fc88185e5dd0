import { digestHex } from '#base'
import {
  answerDownload,
  answerUnary,
  type CopiesStatus,
  type Handler,
  message,
  storeCollect,
  storeCopies,
  storeIfLost,
  storeScrub,
} from '#rpc'
import { COPIES_TOLD_MS } from '../limits.ts'
import { ifLost } from './if-lost.ts'
import type { Parts } from './parts.ts'

/** Methods about the chunks of this machine. */
export function storeMethods(parts: Parts): readonly Handler[] {
  const { chunks, collector } = parts
  return [
    answerDownload(storeScrub, async function* ({ bytesPerSecond }, { signal }) {
      for await (const progress of chunks.scrub({ bytesPerSecond }, signal)) {
        const { finding, damagedChunks, bytes } = progress
        const row = { chunks: progress.chunks, bytes, damagedChunks }
        yield message(
          finding === undefined ? row : { ...row, finding: { ...finding, digest: digestHex(finding.digest) } },
        )
      }
      return message(undefined)
    }),
    answerUnary(storeCollect, async (_, { signal }) => message(await collector.collect(signal))),
    answerUnary(storeIfLost, async ({ machine }, { signal }) => message(await ifLost(parts, machine, signal))),
    answerUnary(storeCopies, async (_, { signal }) => message(await copiesOf(parts, signal))),
  ]
}

// Machines that do not answer soon are told as unknown.
async function copiesOf({ pool, world }: Parts, signal: AbortSignal): Promise<CopiesStatus> {
  const over = new AbortController()
  const waited = AbortSignal.any([signal, over.signal])
  world.clock.sleep(COPIES_TOLD_MS, waited).then(
    () => over.abort(),
    () => undefined,
  )
  try {
    const { machines, ...status } = await pool.status(waited)
    const told = machines.map(({ name, chunks, bytes, missingCopies, chunksAlone, isSafeToUnplug }) => {
      return { name, chunks, bytes, missingCopies, chunksAlone, isSafeToUnplug }
    })
    return { ...status, machines: told }
  } finally {
    over.abort()
  }
}
