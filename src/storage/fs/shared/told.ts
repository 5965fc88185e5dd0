import type { ExtentList } from '../extent-list.ts'
import { ExtentList as Extents } from '../extent-list.ts'
import { endOf, type Extent } from '../extent.ts'
import { isErrno } from '../errno.ts'
import { attributesOf, type Inode } from '../inode.ts'
import { CONTENT_BYTES_MAX, CONTENT_EXTENTS_MAX } from '../limits.ts'
import type { Content, HomeOperations, Range } from '../operation.ts'
import type { Attributes, Ino } from '../vfs.ts'
import type { RemoteAnswer, RemoteCall } from './protocol.ts'

/** The inodes that an operation names. */
export function inosOf({ kind, input }: RemoteCall): Ino[] {
  if (kind === 'forget' || kind === 'touchAccess' || kind === 'returnDelegations') return []
  if (kind === 'contents') return 'inos' in input ? [...input.inos] : []
  const found: Ino[] = []
  const take = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const field of ['ino', 'parent'] as const) {
      const ino: unknown = Reflect.get(value, field)
      if (typeof ino === 'number') found.push(ino as Ino)
    }
  }
  take(input)
  if ('from' in input) take(input.from)
  if ('to' in input) take(input.to)
  return found
}

/** The inodes that an answer shows as they are. */
export function inosShown(answer: RemoteAnswer['answer']): Ino[] {
  if (isErrno(answer) || typeof answer !== 'object' || answer === null) return []
  if (Array.isArray(answer)) return answer.flatMap(each => inoOfEntry(each))
  return 'ino' in answer && 'kind' in answer ? [answer.ino] : []
}

/** The attributes of an inode, if it is there. */
export function shown(inode: Inode | undefined): Attributes[] {
  return inode === undefined ? [] : [attributesOf(inode)]
}

/** What an operation has left without a name. */
export function orphansIn(kind: keyof HomeOperations, answer: unknown): Ino[] {
  if (typeof answer !== 'object' || answer === null) return []
  if (kind === 'makeUnnamed' && 'ino' in answer) return [answer.ino as Ino]
  return 'orphan' in answer && answer.orphan !== undefined ? [answer.orphan as Ino] : []
}

/** As much of a file's content as fits one message, from the beginning of a range on; and up to where it tells. */
export function contentWithin(content: Content, range: Range): { readonly content: Content; readonly to: number } {
  const found: Extent[] = []
  let bytes = 0
  for (const extent of content.extents.within(range.from, range.to)) {
    bytes += extent.kind === 'inline' ? extent.data.byteLength : 0
    if (found.length >= CONTENT_EXTENTS_MAX || bytes > CONTENT_BYTES_MAX) return cutAt(content, found, extent.offset)
    found.push(extent)
  }
  return cutAt(content, found, range.to)
}

function cutAt(content: Content, found: readonly Extent[], to: number) {
  const extents: ExtentList = Extents.of(found)
  const last = found.at(-1)
  return { content: { ...content, extents }, to: last === undefined ? to : Math.max(to, endOf(last)) }
}

function inoOfEntry(entry: unknown): Ino[] {
  if (typeof entry !== 'object' || entry === null || !('attributes' in entry) || !('ino' in entry)) return []
  return entry.attributes === undefined ? [] : [entry.ino as Ino]
}
