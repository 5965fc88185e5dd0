import { digestHex } from '#base'
import { answerDownload, answerUnary, type Handler, message, storeCollect, storeScrub } from '#rpc'
import type { Parts } from './parts.ts'

/** Methods about the chunks of this machine. */
export function storeMethods({ chunks, collector }: Parts): readonly Handler[] {
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
  ]
}
