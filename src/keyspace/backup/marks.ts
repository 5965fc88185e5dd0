import type { ByteString } from '#base'
import { revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { Keyspace, Operation, Revision } from '../keyspace.ts'

/** Keys that tell the state of the whole keyspace. They are in no backup. */
const MARKS = {
  /** There while a keyspace is being filled: it does not hold everything yet. */
  unfinished: '/keyspace/unfinished',
  /** There while everything is being moved; it means nothing afterwards. */
  moving: '/keyspace/moving',
  /** There since everything was moved; its value says where to, in words. */
  moved: '/keyspace/moved',
  /** There since a backup was restored; each line says by which words one was, and how many entries there were, the last first. */
  restored: '/keyspace/restored',
} as const

/** The marks there are. */
export type Mark = keyof typeof MARKS

/** The key of a mark. */
export function markKey(mark: Mark): ByteString {
  return MARKS[mark]
}

/** Puts a mark with words. */
export async function putMark(keyspace: Keyspace, mark: Mark, words: string, signal: AbortSignal): Promise<Revision> {
  return (await keyspace.txn({ then: [markPut(mark, words)] }, signal)).revision
}

/** What puts a mark with words. */
export function markPut(mark: Mark, words: string): Operation {
  return { kind: 'put', key: markKey(mark), value: Buffer.from(words) }
}

/** Takes a mark away, and does something else in the same moment. */
export async function dropMark(
  keyspace: Keyspace,
  mark: Mark,
  signal: AbortSignal,
  also: readonly Operation[] = [],
): Promise<Revision> {
  const keys = { kind: 'key', key: markKey(mark) } as const
  return (await keyspace.txn({ then: [{ kind: 'delete', keys }, ...also] }, signal)).revision
}

/** The words of a mark; undefined when it is not there. */
export async function readMark(keyspace: Keyspace, mark: Mark, signal: AbortSignal): Promise<string | undefined> {
  const { entries } = await keyspace.range({ keys: { kind: 'key', key: markKey(mark) } }, signal)
  return entries[0] === undefined ? undefined : Buffer.from(entries[0].value).toString()
}

/** True for a key that is a mark. */
export function isMark(key: ByteString): boolean {
  return Object.values<ByteString>(MARKS).includes(key)
}

/**
 * Refuses a keyspace that does not hold everything, or does so no longer. Answers as of which revision that was looked at. Faults:
 * Unfinished, Moved.
 */
export async function checkMarks(keyspace: Keyspace, signal: AbortSignal): Promise<Revision> {
  const { entries, revision } = await keyspace.range({ keys: { kind: 'prefix', prefix: '/keyspace/' } }, signal)
  for (const { key, value } of entries) {
    if (key === MARKS.unfinished) {
      throw keyspaceFault('Unfinished', 'this keyspace is being filled, or that was cut off', {
        hint: 'When nobody does so, do it again: cairn keyspace restore FILE --force, or cairn keyspace migrate with --force.',
      })
    }
    if (key === MARKS.moved) {
      throw keyspaceFault('Moved', `everything in this keyspace was moved to ${Buffer.from(value).toString()}`, {
        hint: 'Start with that one: cairn up --keyspace ...; or fill this one anew: cairn keyspace migrate --force.',
      })
    }
  }
  return revision
}

/** Resolves when somebody begins to fill a keyspace anew that {@link checkMarks} found whole at `revision`. Faults: Compacted. */
export async function untilRefilled(keyspace: Keyspace, revision: Revision, signal: AbortSignal): Promise<void> {
  const keys = { kind: 'key', key: markKey('unfinished') } as const
  for await (const { events } of keyspace.watch({ keys, from: revisionOf(revision + 1) }, signal)) {
    if (events.some(({ kind }) => kind === 'put')) return
  }
}
