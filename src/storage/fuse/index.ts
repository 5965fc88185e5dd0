import type { FuseSession } from './session/open.ts'
import type { SessionOptions } from './session/session.ts'

export { abortMount, raiseReadahead } from './mount/connection.ts'
export { type FuseAvailability, fuseAvailability, requireFuse } from './mount/availability.ts'
export type { IdPair, IdPairs } from './id-map.ts'
export { healDeadMount, isDeadMount } from './mount/dead.ts'
export { type MountHandle, type MountOptions, mountFuse } from './mount/mount.ts'
export { findMount, type MountEntry } from './mount/mountinfo.ts'
export { umount, unmount } from './mount/unmount.ts'
export { canResume, type Negotiated } from './session/negotiate.ts'
export type { FuseSession } from './session/open.ts'
export type { SessionEnd, SessionOptions } from './session/session.ts'

/**
 * Serves a mount from now on, in the main thread of this process. Loaded at the first call: a process that only
 * mounts stays small. Faults: LibraryMissing, CannotResume.
 */
export async function openFuseSession(options: SessionOptions): Promise<FuseSession> {
  const { serveFuse } = await import('./session/open.ts')
  return serveFuse(options)
}
