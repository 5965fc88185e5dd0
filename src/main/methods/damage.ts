import type { Digest } from '#base'
import type { ChunkUser } from '#storage/fs'
import { DAMAGE_LOOK_MS, DAMAGED_CHUNKS_MAX, DAMAGED_PLACES_MAX } from '../limits.ts'
import type { Parts } from './parts.ts'
import { placeText } from './place-text.ts'

/** Who needs the damaged chunks of this machine. */
export interface Damage {
  /** As people read them, such as `/a/b` or `photos:/.snapshots/before`; {@link DAMAGED_PLACES_MAX} at most. */
  readonly places: readonly string[]
  /** What kinds of places there are. */
  readonly kinds: ReadonlySet<ChunkUser['kind']>
  /** False when there may be others, because there are too many, or the look took too long. */
  readonly isAll: boolean
}

/** Looks through the filesystems for who needs what is damaged; for {@link DAMAGE_LOOK_MS} at most. */
export async function findDamage(parts: DamageParts, signal: AbortSignal): Promise<Damage> {
  const damaged = new Set<Digest>()
  let isAll = true
  for await (const digest of parts.chunks.quarantined(signal)) {
    if (damaged.size < DAMAGED_CHUNKS_MAX) damaged.add(digest)
    else isAll = false
  }
  const found = await findUsers(parts, damaged, signal)
  return { ...found, isAll: isAll && found.isAll }
}

/** The same of other chunks that cannot be read. */
export async function findUsers(
  parts: Omit<DamageParts, 'chunks'>,
  chunks: ReadonlySet<Digest>,
  signal: AbortSignal,
): Promise<Damage> {
  const { clock } = parts.world
  const over = new AbortController()
  const late = new AbortController()
  clock.sleep(DAMAGE_LOOK_MS, over.signal).then(
    () => late.abort(),
    () => undefined,
  )
  const places = new Set<string>()
  const kinds = new Set<ChunkUser['kind']>()
  try {
    const isAll = await look(parts, { chunks, places, kinds }, AbortSignal.any([signal, late.signal]))
    return { places: [...places], kinds, isAll }
  } catch (error) {
    if (!late.signal.aborted) throw error
    return { places: [...places], kinds, isAll: false }
  } finally {
    over.abort()
  }
}

/** What the look needs. */
export type DamageParts = Pick<Parts, 'chunks' | 'filesystems' | 'world'>

interface Seen {
  readonly chunks: ReadonlySet<Digest>
  readonly places: Set<string>
  readonly kinds: Set<ChunkUser['kind']>
}

async function look(
  { filesystems }: Pick<DamageParts, 'filesystems'>,
  seen: Seen,
  signal: AbortSignal,
): Promise<boolean> {
  for (const { name, filesystem } of filesystems.all) {
    for await (const user of filesystem.users(seen.chunks, signal)) {
      if (seen.places.size === DAMAGED_PLACES_MAX) return false
      seen.places.add(placeText(name, user))
      seen.kinds.add(user.kind)
    }
  }
  return true
}
