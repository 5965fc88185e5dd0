import type { Digest } from '#base'
import { whyNot } from '../model/observe.ts'
import { mustHold } from '../model/violation.ts'
import { isDone, never, type Setting } from './setting.ts'

/** What a store does for itself while it is used. */
export const maintenanceOperations: Readonly<
  Record<string, { weight: number; run: (setting: Setting) => Promise<void> }>
> = {
  collect: { weight: 0.7, run: collect },
  compact: { weight: 0.7, run: compact },
  scrub: { weight: 0.5, run: scrub },
}

// As the storage process collects: two rounds that ask the filesystem for all it references, then compaction.
async function collect(setting: Setting): Promise<void> {
  const { stack } = setting
  await once(setting, 'collect', async () => {
    await askRound(setting)
    await stack.fs.settled()
    const { deleted } = await askRound(setting)
    const { segmentsRemoved } = await stack.chunks.compact(NEVER)
    setting.trace.line(`collected ${deleted} chunks, ${segmentsRemoved} segments`)
  })
}

async function askRound({ stack, canary }: Setting): Promise<{ readonly deleted: number }> {
  const { fs, chunks, keyspace } = stack
  const wanted = new Set<Digest>()
  for await (const batch of fs.references(NEVER)) for (const digest of batch) wanted.add(digest)
  await keyspace.sync(keyspace.revision, NEVER)
  const references = (digests: readonly Digest[]): boolean[] =>
    digests.map(digest => wanted.has(digest) && canary?.forgets?.(digest) !== true)
  return chunks.collect([{ name: 'filesystem', references }], { graceMs: 0 }, NEVER)
}

async function compact(setting: Setting): Promise<void> {
  await once(setting, 'collect', async () => void (await setting.stack.chunks.compact(NEVER)))
}

async function scrub(setting: Setting): Promise<void> {
  const { stack, mayBeDamaged } = setting
  await once(setting, 'scrub', async () => {
    for await (const { damagedChunks } of stack.chunks.scrub({ bytesPerSecond: SCRUB_BYTES_PER_SECOND }, NEVER)) {
      mustHold(damagedChunks === 0 || mayBeDamaged, () => `scrub finds ${damagedChunks} damaged chunks`)
    }
  })
}

async function once(setting: Setting, what: string, work: () => Promise<void>): Promise<void> {
  const { using, life } = setting
  if (using.has(what)) return
  using.add(what)
  const answer = await whyNot(work)
  if (life.ended) return never()
  using.delete(what)
  isDone(setting, { what, answer, refusal: undefined })
}

const SCRUB_BYTES_PER_SECOND = 2 ** 30
const NEVER = new AbortController().signal
