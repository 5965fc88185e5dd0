import type { World } from '#base'
import { openFuseSession } from '#storage/fuse'
import type { HeldMount, Negotiated } from '../messages.ts'
import type { Filesystems } from './filesystems.ts'

/** Serves the mounts whose descriptors this process inherited. A mount that ended elsewhere is let go. */
export async function openSessions(
  mounts: readonly HeldMount[],
  filesystems: Filesystems,
  world: World,
  agreed: (path: string, negotiated: Negotiated) => void,
): Promise<AsyncDisposable> {
  await using opening = new AsyncDisposableStack()
  for (const mount of mounts) {
    const session = await openFuseSession({
      fd: mount.fd,
      vfs: filesystems.get(mount.filesystem).filesystem.vfs,
      log: world.log,
      resumed: mount.resumed,
      negotiated: mount.negotiated,
      onNegotiated: negotiated => agreed(mount.path, negotiated),
    })
    opening.use(session)
  }
  return opening.move()
}
