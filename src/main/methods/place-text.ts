import { textOf } from '#base'
import type { ChunkUser } from '#storage/fs'

/** Who needs a chunk, as people read it, such as `/a/b` or `photos:/.snapshots/before`. */
export function placeText(filesystem: string, user: ChunkUser): string {
  if (user.kind === 'removed') return `a removed file of ${filesystem} that is still open`
  const text = textOf(user.path)
  const end = text.length > PLACE_LETTERS ? `...${text.slice(-PLACE_LETTERS)}` : text
  const place = filesystem === 'home' ? end : `${filesystem}:${end}`
  return user.kind === 'directory' ? `the manifest of ${place}` : place
}

// So that all places fit into one line of `cairn doctor`.
const PLACE_LETTERS = 120
