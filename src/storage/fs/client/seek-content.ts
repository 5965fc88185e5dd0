import { andThen, type Awaitable } from '#base'
import { nextData, nextHole } from '../content/seek.ts'
import type { TreeStore } from '../content/tree-store.ts'
import { endOf } from '../extent.ts'
import type { Content } from '../operation.ts'

interface Seeking {
  readonly offset: number
  readonly what: 'data' | 'hole'
}

/** Where data or a hole begins from an offset on, as lseek(2) says it; undefined when there is none of it. */
export function seekContent(trees: TreeStore, content: Content, seeking: Seeking): Awaitable<number | undefined> {
  const { extents, size } = content
  const { offset, what } = seeking
  const extent = extents.firstEndingBehind(offset)
  if (extent !== undefined && extent.offset <= offset) {
    const isHole = extent.kind === 'hole'
    if (isHole === (what === 'hole')) return offset
    const end = endOf(extent)
    return end >= size ? (what === 'hole' ? size : undefined) : seekContent(trees, content, { offset: end, what })
  }
  const gapEnd = Math.min(size, extent?.offset ?? size)
  return andThen(seekSealed(trees, content, { ...seeking, end: gapEnd }), found => {
    if (found !== undefined) return found
    if (gapEnd >= size) return what === 'hole' ? size : undefined
    return seekContent(trees, content, { offset: gapEnd, what })
  })
}

// Between overlay extents the sealed tree shows, and behind what is visible of it there is a hole.
function seekSealed(
  trees: TreeStore,
  { tree: sealed }: Content,
  { offset, end, what }: Seeking & { readonly end: number },
): Awaitable<number | undefined> {
  const visible = Math.min(end, sealed?.visibleBytes ?? 0)
  const beyond = what === 'hole' && visible < end ? Math.max(offset, visible) : undefined
  if (sealed === undefined || offset >= visible) return beyond
  const tree = { digest: sealed.root, size: sealed.bytes }
  const found = what === 'data' ? nextData(trees, tree, offset) : nextHole(trees, tree, offset)
  return andThen(found, at => (at !== undefined && at < visible ? at : beyond))
}
