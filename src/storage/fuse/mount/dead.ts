import { PROBE_MS_MAX } from '../limits.ts'
import { runCommand } from './command.ts'
import { findMount } from './mountinfo.ts'
import { umount } from './unmount.ts'

/**
 * True when a FUSE mount stands at the path whose server is gone for good. The mount is touched by a child process
 * only, so a mount that this process serves, or that hangs, is safe to ask about.
 */
export async function isDeadMount(target: string): Promise<boolean> {
  const mount = findMount(target)
  if (mount === undefined || !mount.kind.startsWith('fuse')) return false
  // statfs(2) always asks the server; attributes may still be cached.
  const probe = await runCommand('stat', ['-f', '--', target], { timeoutMs: PROBE_MS_MAX })
  return probe.kind === 'failed' && probe.message.includes('Transport endpoint is not connected')
}

/** Takes away the dead mounts at a path; answers how many there were. */
export async function healDeadMount(target: string): Promise<number> {
  let healed = 0
  while (await isDeadMount(target)) {
    const result = await umount(target, 'lazy')
    if (result.kind !== 'done') break
    healed += 1
  }
  return healed
}
