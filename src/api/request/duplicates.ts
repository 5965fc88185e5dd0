import { isMap, isScalar, isSeq, type Node } from 'yaml'
import { below } from '#schema'
import { apiFault } from '../faults.ts'
import { BODY_DEPTH_MAX, DUPLICATES_TOLD_MAX } from '../limits.ts'

/** Paths of fields that stand twice in one object of a JSON text, which must be well-formed; found in steps. Faults: BadRequest. */
export function* findingDuplicates(text: string): Generator<void, readonly string[]> {
  const found = new Set<string>()
  const open: Frame[] = []
  let [at, stepAt] = [0, CHARS_IN_STEP]
  while (at < text.length) {
    if (at >= stepAt) {
      stepAt = at + CHARS_IN_STEP
      yield
    }
    const char = text[at]
    if (char === '"') {
      const end = endOfString(text, at)
      const frame = open.at(-1)
      if (frame?.expects === 'key' && found.size < DUPLICATES_TOLD_MAX) enterKey(frame, text.slice(at, end), found)
      at = end
      continue
    }
    step(char, open)
    // What works on objects calls itself: the stack is to suffice for all that is stored.
    if (open.length > BODY_DEPTH_MAX)
      throw apiFault('BadRequest', `the body is nested more than ${BODY_DEPTH_MAX} deep`)
    at += 1
  }
  return [...found]
}

/** The same of a YAML document. */
export function duplicatesInYaml(root: Node | null): readonly string[] {
  const found = new Set<string>()
  const look = (node: unknown, path: string): void => {
    if (isSeq(node)) for (const [index, item] of node.items.entries()) look(item, `${path}[${index}]`)
    if (!isMap(node)) return
    const keys = new Set<string>()
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key)
      if (keys.has(name)) found.add(below(path, name))
      keys.add(name)
      look(value, below(path, name))
    }
  }
  look(root, '')
  return [...found].slice(0, DUPLICATES_TOLD_MAX)
}

const CHARS_IN_STEP = 16 * 1024

interface Frame {
  readonly path: string
  readonly keys: Set<string> | undefined
  expects: 'key' | 'value'
  key: string
  index: number
}

function step(char: string | undefined, open: Frame[]): void {
  const frame = open.at(-1)
  if (char === '{' || char === '[') {
    const isObject = char === '{'
    const keys = isObject ? new Set<string>() : undefined
    open.push({ path: pathIn(frame), keys, expects: isObject ? 'key' : 'value', key: '', index: 0 })
  } else if (char === '}' || char === ']') open.pop()
  else if (char === ',' && frame !== undefined) {
    frame.index += 1
    if (frame.keys !== undefined) frame.expects = 'key'
  }
}

function enterKey(frame: Frame, quoted: string, found: Set<string>): void {
  frame.key = JSON.parse(quoted) as string
  frame.expects = 'value'
  if (frame.keys?.has(frame.key) === true) found.add(pathIn(frame))
  frame.keys?.add(frame.key)
}

function pathIn(frame: Frame | undefined): string {
  if (frame === undefined) return ''
  return frame.keys === undefined ? `${frame.path}[${frame.index}]` : below(frame.path, frame.key)
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
