import { keyspaceFault } from '../faults.ts'
import type { Keyspace } from '../keyspace.ts'
import { ALL, pagesOf } from './backup.ts'
import { type Mark, markKey, putMark } from './marks.ts'

/**
 * Refuses two keyspaces that are one, or one inside the other, however they are called: what is put into the one under a mark
 * shows in the other. To be asked before anything is removed. Faults: SamePlace.
 */
export async function refuseSamePlace(
  { source, target, words }: { readonly source: Keyspace; readonly target: Keyspace; readonly words: string },
  signal: AbortSignal,
): Promise<void> {
  await putMark(source, 'moving', words, signal)
  if (await shows(target, { mark: 'moving', words }, signal)) throw samePlace()
}

/** The other way round: `words` are under the mark `unfinished` of the target. Faults: SamePlace. */
export async function refuseInside(source: Keyspace, words: string, signal: AbortSignal): Promise<void> {
  if (await shows(source, { mark: 'unfinished', words }, signal)) throw samePlace()
}

async function shows(
  keyspace: Keyspace,
  { mark, words }: { readonly mark: Mark; readonly words: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { revision } = await keyspace.range({ keys: ALL, want: 'count' }, signal)
  for await (const page of pagesOf(keyspace, { revision, want: 'keys' }, signal)) {
    for (const { key } of page) {
      if (!key.endsWith(markKey(mark))) continue
      const { entries } = await keyspace.range({ keys: { kind: 'key', key } }, signal)
      if (entries.some(({ value }) => Buffer.from(value).toString() === words)) return true
    }
  }
  return false
}

function samePlace(): Error {
  return keyspaceFault('SamePlace', 'the two keyspaces are one and the same, or one is inside the other', {
    hint: 'Name another etcd, or another --keyspace-prefix.',
  })
}
