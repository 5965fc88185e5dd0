import type { Revision } from '#keyspace'

/** What of an object is told: all of it, or its metadata alone (k8s.io/apimachinery/pkg/apis/meta/v1 PartialObjectMetadata). */
export type TextPart = 'object' | 'partial'

/**
 * The JSON of an object with its revision, made of what is stored without reading it; undefined for what does not begin as the
 * codec writes it.
 */
export function objectText(stored: Buffer, revision: Revision, part: TextPart): Buffer | undefined {
  const begin = BEGIN.exec(stored.toString('latin1', 0, BEGIN_BYTES_MAX))?.[0].length
  if (begin === undefined) return undefined
  const inserted = Buffer.from(`"resourceVersion":"${revision}",`)
  if (part === 'object') return Buffer.concat([stored.subarray(0, begin), inserted, stored.subarray(begin)])
  return Buffer.concat([PARTIAL, inserted, stored.subarray(begin, endOfObject(stored, begin)), CLOSE])
}

// So the codec begins: what follows is the first field of the object's own metadata.
const BEGIN = /^\{"apiVersion":"[^"\\]*","kind":"[^"\\]*","metadata":\{(?=")/
const BEGIN_BYTES_MAX = 512

const PARTIAL = Buffer.from('{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{')
const CLOSE = Buffer.from('}')

// Behind the brace that closes the object in which `from` lies.
function endOfObject(json: Uint8Array, from: number): number {
  let depth = 1
  for (let at = from; at < json.length; at += 1) {
    const byte = json[at]
    if (byte === QUOTE) at = endOfString(json, at)
    else if (byte === OPEN) depth += 1
    else if (byte === END && --depth === 0) return at + 1
  }
  return json.length
}

function endOfString(json: Uint8Array, from: number): number {
  for (let at = from + 1; at < json.length; at += 1) {
    if (json[at] === BACKSLASH) at += 1
    else if (json[at] === QUOTE) return at
  }
  return json.length
}

const [QUOTE, OPEN, END, BACKSLASH] = [0x22, 0x7b, 0x7d, 0x5c]
