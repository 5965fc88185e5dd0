import type { Json } from '#schema'
import { apiFault } from '../faults.ts'
import { BODY_VALUES_MAX } from '../limits.ts'

/**
 * Refuses a JSON text of more values than are read, before anything is made of them, in steps: every value behind the first stands
 * behind a comma or a bracket. Faults: RequestEntityTooLarge.
 */
export function* countingValues(text: string): Generator<void, void> {
  let [count, stepAt] = [0, CHARS_IN_STEP]
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfText(text, at)
    else if ((code === COMMA || code === BRACE || code === BRACKET) && ++count > BODY_VALUES_MAX) throw tooMany()
    if (at < stepAt) continue
    stepAt = at + CHARS_IN_STEP
    yield
  }
}

/** The same of what has been read: values that stand in it more than once count each time. Faults: RequestEntityTooLarge. */
export function refuseManyRead(value: Json): void {
  const left: Json[] = [value]
  let count = 0
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next !== 'object' || next === null) continue
    for (const item of Object.values<Json | undefined>(next)) {
      if (++count > BODY_VALUES_MAX) throw tooMany()
      if (typeof item === 'object') left.push(item)
    }
  }
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at
  }
  return text.length
}

function tooMany(): Error {
  return apiFault('RequestEntityTooLarge', `the body has more than ${BODY_VALUES_MAX} fields and items`, {
    hint: 'keep it in several objects',
  })
}

const CHARS_IN_STEP = 64 * 1024
const [QUOTE, COMMA, BRACE, BRACKET, BACKSLASH] = [0x22, 0x2c, 0x7b, 0x5b, 0x5c]
