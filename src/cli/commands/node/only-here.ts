import type { NodeRow } from '#cluster'
import type { CopiesStatus } from '#rpc'
import { plural } from '../../format.ts'

/** A machine, and what is lost if it dies now. */
export interface ListedNode extends NodeRow {
  /** Chunks that no other machine has; null: it does not say, or compares its copies still. */
  readonly chunksOnlyHere: number | null
}

/** The machines with what is only on each, as they say of their copies. */
export function onlyHere(nodes: readonly NodeRow[], { machines, unknown }: CopiesStatus): readonly ListedNode[] {
  return nodes.map(node => {
    const said = machines.find(({ name }) => name === node.name)
    const isKnown = said !== undefined && !unknown.includes(node.name)
    // Where there is no other machine nobody compares.
    const chunks = nodes.length === 1 ? said?.chunks : said?.chunksAlone
    return { ...node, chunksOnlyHere: isKnown ? (chunks ?? null) : null }
  })
}

/** That, for people: `12 chunks, names of home`; `-` when it is not known. */
export function onlyHereText({ chunksOnlyHere, filesystemsOnlyHere }: ListedNode): string {
  if (chunksOnlyHere === null && filesystemsOnlyHere.length === 0) return '-'
  const chunks = chunksOnlyHere === null ? 'chunks?' : plural(chunksOnlyHere, 'chunk')
  const names = filesystemsOnlyHere.length === 0 ? [] : [`names of ${filesystemsOnlyHere.join(' ')}`]
  return chunksOnlyHere === 0 && names.length === 0 ? 'nothing' : [chunks, ...names].join(', ')
}

/** How people see which files that is, when there is something; '' else. */
export function lossLine(nodes: readonly ListedNode[]): string {
  if (nodes.length === 1) return ''
  const worst = nodes.find(node => (node.chunksOnlyHere ?? 0) > 0 || node.filesystemsOnlyHere.length > 0)
  return worst === undefined ? '' : `\nWhich files are only on ${worst.name}: cairn fs stat --if-lost ${worst.name}\n`
}
