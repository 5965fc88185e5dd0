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

/** What it takes to copy a value: one for each that lies in it, and more for long texts and names; stops counting above `most`. */
export function copyingCost(value: Json, most: number): number {
  let cost = 0
  const left: Json[] = [value]
  for (let next = left.pop(); next !== undefined && cost <= most; next = left.pop()) {
    cost += 1
    if (typeof next === 'string') cost += costOfText(next)
    else if (Array.isArray(next)) for (const item of next) left.push(item)
    else if (isJsonObject(next)) {
      for (const [name, item] of Object.entries(next)) {
        cost += costOfText(name)
        left.push(item ?? null)
      }
    }
  }
  return cost
}

function costOfText({ length }: string): number {
  return Math.floor(length / CHARS_AS_VALUE)
}

// A short text is copied with its value; of long ones so many characters take as long as a value.
const CHARS_AS_VALUE = 16

/** True when objects and lists lie in each other deeper than this. */
export function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  const inner: readonly (Json | undefined)[] = Array.isArray(value) ? value : Object.values(value)
  for (const item of inner) if (typeof item === 'object' && isDeeper(item, levels - 1)) return true
  return false
}
