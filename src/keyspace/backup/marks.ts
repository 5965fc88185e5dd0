import type { ByteString } from '#base'
import { keyspaceFault } from '../faults.ts'
import type { Keyspace, Revision } from '../keyspace.ts'

/** Keys that tell the state of the whole keyspace. They are in no backup. */
const MARKS = {
  /** There while a keyspace is being filled: it does not hold everything yet. */
  unfinished: '/keyspace/unfinished',
  /** There while everything is being moved; it means nothing afterwards. */
  moving: '/keyspace/moving',
  /** There since everything was moved; its value says where to, in words. */
  moved: '/keyspace/moved',
} as const

/** The marks there are. */
export type Mark = keyof typeof MARKS

/** The key of a mark. */
export function markKey(mark: Mark): ByteString {
  return MARKS[mark]
}

/** Puts a mark with words. */
export async function putMark(keyspace: Keyspace, mark: Mark, words: string, signal: AbortSignal): Promise<Revision> {
  const value = Buffer.from(words)
  return (await keyspace.txn({ then: [{ kind: 'put', key: markKey(mark), value }] }, signal)).revision
}

/** Takes a mark away. */
export async function dropMark(keyspace: Keyspace, mark: Mark, signal: AbortSignal): Promise<Revision> {
  const keys = { kind: 'key', key: markKey(mark) } as const
  return (await keyspace.txn({ then: [{ kind: 'delete', keys }] }, signal)).revision
}

/** True for a key that is a mark. */
export function isMark(key: ByteString): boolean {
  return Object.values<ByteString>(MARKS).includes(key)
}

/** Refuses a keyspace that does not hold everything, or does so no longer. Faults: Unfinished, Moved. */
export async function checkMarks(keyspace: Keyspace, signal: AbortSignal): Promise<void> {
  const { entries } = await keyspace.range({ keys: { kind: 'prefix', prefix: '/keyspace/' } }, signal)
  for (const { key, value } of entries) {
    if (key === MARKS.unfinished) {
      throw keyspaceFault('Unfinished', 'filling this keyspace was cut off', {
        hint: 'Do it again: cairn keyspace restore FILE --force, or cairn keyspace migrate with --force.',
      })
    }
    if (key === MARKS.moved) {
      throw keyspaceFault('Moved', `everything in this keyspace was moved to ${Buffer.from(value).toString()}`, {
        hint: 'Start with that one: cairn up --keyspace ...; or fill this one anew: cairn keyspace migrate --force.',
      })
    }
  }
}
