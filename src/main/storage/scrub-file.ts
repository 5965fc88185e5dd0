import type { World } from '#base'
import { readSmallFile, replaceSmallFile } from '#cluster'
import { exactly, integer, optional, type ShapeOf, shape } from '#rpc'

const fileShape = shape({
  version: exactly(1),
  /** Wall time, milliseconds since 1970, from which the weeks are counted. */
  sinceMs: integer(),
  /** The last look at everything that came to its end. */
  last: optional(
    shape({ startedMs: integer(), doneMs: integer(), chunks: integer(), bytes: integer(), damaged: integer() }),
  ),
  /** The look that is under way; everything before `segment` has been read. */
  now: optional(
    shape({ startedMs: integer(), segment: integer(), chunks: integer(), bytes: integer(), damaged: integer() }),
  ),
})

/** When everything was read last, and how far it is this time. */
export type ScrubState = ShapeOf<typeof fileShape>

/** Where that is kept: a store that has none begins its weeks now. What is damaged counts as none. */
export function readScrubState(disk: World['disk'], path: string, nowMs: number): ScrubState {
  const fresh = { version: 1, sinceMs: nowMs } as const
  const text = readSmallFile(disk, path)
  if (text === undefined) return fresh
  try {
    return fileShape(JSON.parse(text), '')
  } catch {
    return fresh
  }
}

/** Keeps it, durably. */
export async function keepScrubState(disk: World['disk'], path: string, state: ScrubState): Promise<void> {
  await replaceSmallFile(disk, path, `${JSON.stringify(state)}\n`)
}
