import { isJsonObject, type Json } from '#schema'

/** The parts of a JSON pointer, RFC 6901; undefined for text that is none. */
export function partsOf(pointer: string): readonly string[] | undefined {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) return undefined
  return pointer
    .slice(1)
    .split('/')
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value at a path, through what is the document's own; undefined where there is none. */
export function valueAt(document: Json, parts: readonly string[]): Json | undefined {
  let at: Json | undefined = document
  for (const part of parts) {
    if (Array.isArray(at)) at = /^(?:0|[1-9][0-9]*)$/.test(part) ? at[Number(part)] : undefined
    else if (isJsonObject(at)) at = Object.hasOwn(at, part) ? at[part] : undefined
    else return undefined
  }
  return at
}

/** How many values lie in one; stops counting above `most`. */
export function valuesIn(value: Json, most: number): number {
  let count = 0
  const left: Json[] = [value]
  for (let next = left.pop(); next !== undefined && count <= most; next = left.pop()) {
    count += 1
    if (Array.isArray(next)) for (const item of next) left.push(item)
    else if (isJsonObject(next)) for (const item of Object.values(next)) left.push(item ?? null)
  }
  return count
}

/** True when objects and lists lie in each other deeper than this. */
export function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  const inner: readonly (Json | undefined)[] = Array.isArray(value) ? value : Object.values(value)
  return inner.some(item => isDeeper(item ?? null, levels - 1))
}
