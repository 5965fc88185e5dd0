import { clientFault } from '../faults.ts'
import { EVENT_CHARS_MAX } from '../limits.ts'

/** The lines of a body, each as it comes; a last one without an end is left out, as it may be cut. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line
    if (rest.length > EVENT_CHARS_MAX) throw clientFault('InternalError', 'an event of a watch is too long')
  }
}
