import type { ByteString } from '#base'
import { PAGE_BYTES_MAX, PAGE_ENTRIES_MAX, PAGE_REFS_MAX } from './limits.ts'
import type { PageRef } from './node.ts'

/** An entry with its encoding, to be put on a page. */
export interface EncodedEntry {
  readonly name: ByteString
  readonly bytes: Uint8Array
}

/**
 * Where pages begin follows from the names alone: every name has the same chance to begin one, 1 in 128, and each level
 * of index takes 7 more bits of the name's hash. So equal directories have equal pages however they came to be, and a
 * change moves no boundary but its own. Only a page that grows too long is cut by length, counted from its beginning.
 */
function beginsRun(name: ByteString, level = 0): boolean {
  return hashOf(name) % 128 ** (level + 1) === 0
}

/** Splits entries, sorted by name and beginning at the beginning of a run, into pages. */
export function splitPages(entries: readonly EncodedEntry[]): EncodedEntry[][] {
  const pages: EncodedEntry[][] = []
  let page: EncodedEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    const isFull = page.length === PAGE_ENTRIES_MAX || bytes + entry.bytes.length > PAGE_BYTES_MAX
    if (page.length > 0 && (isFull || beginsRun(entry.name))) {
      pages.push(page)
      page = []
      bytes = 0
    }
    page.push(entry)
    bytes += entry.bytes.length
  }
  if (page.length > 0) pages.push(page)
  return pages
}

/** Groups the references of one level for the index nodes above; each group but the last has at least two. */
export function groupRefs(refs: readonly PageRef[], level: number): PageRef[][] {
  const groups: PageRef[][] = []
  let group: PageRef[] = []
  for (const ref of refs) {
    if (group.length === PAGE_REFS_MAX || (group.length > 1 && beginsRun(ref.first, level))) {
      groups.push(group)
      group = []
    }
    group.push(ref)
  }
  if (group.length > 0) groups.push(group)
  return groups
}

/** Pages that stay, or names to be read anew: `[from, to)`, `to` undefined for the end of the directory. */
export type Stretch =
  | { readonly kind: 'pages'; readonly refs: readonly PageRef[] }
  | { readonly kind: 'names'; readonly from: ByteString; readonly to: ByteString | undefined }

/** Which stretches of a directory with these pages must be read anew when these names (sorted) changed. */
export function stretchesOf(refs: readonly PageRef[], changed: readonly ByteString[]): Stretch[] {
  const runs = runsOf(refs)
  const names = new Set(changed)
  const stretches: Stretch[] = []
  let next = 0
  for (const [index, run] of runs.entries()) {
    const end = runs[index + 1]?.from
    const first = changed[next]
    // A run whose first name may be gone flows into the one before it.
    const flows = end !== undefined && names.has(end)
    const isHit = (first !== undefined && (end === undefined || first < end)) || flows || names.has(run.from)
    while (next < changed.length && (end === undefined || (changed[next] ?? '') < end)) next++
    const last = stretches.at(-1)
    if (!isHit) stretches.push({ kind: 'pages', refs: run.refs })
    else if (last?.kind === 'names') stretches.splice(-1, 1, { ...last, to: end })
    else stretches.push({ kind: 'names', from: run.from, to: end })
  }
  return stretches
}

function runsOf(refs: readonly PageRef[]): { from: ByteString; refs: PageRef[] }[] {
  const runs: { from: ByteString; refs: PageRef[] }[] = []
  for (const ref of refs) {
    const last = runs.at(-1)
    if (last === undefined) runs.push({ from: '', refs: [ref] })
    else if (beginsRun(ref.first)) runs.push({ from: ref.first, refs: [ref] })
    else last.refs.push(ref)
  }
  return runs
}

// FNV-1a, mixed as MurmurHash3 ends (fmix32): part of the manifest format.
function hashOf(name: ByteString): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
